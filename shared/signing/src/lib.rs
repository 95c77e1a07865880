//! Keys, certificates and APK signature schemes.
