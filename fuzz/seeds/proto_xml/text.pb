
Wa"bc*J
Bdomain"#includeSubdomainstrue"2:@*example.com*	