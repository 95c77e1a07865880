//! What the removal of debug information takes out and what it keeps.

use formats::dex::{Dex, Header, Same, Stripped, dump, same_code};
use formats::limits::Limits;

use crate::builder::{Built, kind};
use crate::sample::{LARGE, SMALL};

pub(crate) fn parse(bytes: &[u8]) -> Dex<'_> {
    Dex::parse(bytes, &Limits::default()).unwrap()
}

/// Strips a file and has the result compared with it.
pub(crate) fn strip(bytes: &[u8]) -> (Vec<u8>, Stripped) {
    let (out, stripped) = parse(bytes).strip_debug_info().unwrap().expect("something to take out");
    let same = same_code(bytes, &out, &Limits::default()).unwrap_or_else(|difference| panic!("{difference}"));
    assert_eq!(same, Same::default());
    assert!(Header::check(&out).unwrap().signature_matches);
    assert!(out.len() <= bytes.len());
    let again = parse(&out);
    assert!(again.strip_debug_info().unwrap().is_none());
    assert_eq!(again.to_bytes().unwrap(), out);
    (out, stripped)
}

fn strings(bytes: &[u8]) -> Vec<String> {
    let text = dump(&parse(bytes)).unwrap();
    text.lines().filter_map(|line| Some(line.strip_prefix("string ")?.split_once(": ")?.1.to_owned())).collect()
}

#[test]
fn golden_dump() {
    let built = SMALL.build();
    insta::assert_snapshot!(dump(&parse(&built.bytes)).unwrap(), @r#"
    DEX 039, 1668 bytes
      0x0000 1 × header_item
      0x0070 37 × string_id_item
      0x0104 15 × type_id_item
      0x0140 3 × proto_id_item
      0x0164 3 × field_id_item
      0x017c 5 × method_id_item
      0x01a4 2 × class_def_item
      0x01e4 1 × call_site_id_item
      0x01e8 2 × method_handle_item
      0x01f8 3 × code_item
      0x0302 2 × debug_info_item
      0x0324 3 × type_list
      0x033a 37 × string_data_item
      0x04dc 2 × annotation_item
      0x04fd 1 × class_data_item
      0x0515 2 × encoded_array_item
      0x0524 3 × annotation_set_item
      0x053c 1 × annotation_set_ref_list
      0x0548 1 × annotations_directory_item
      0x0570 1 × hiddenapi_class_data_item
      0x0584 1 × map_list
    string 0: "<init>"
    string 1: "I"
    string 2: "L"
    string 3: "LDebug000;"
    string 4: "LMarked;"
    string 5: "LThing;"
    string 6: "LThing<TT;>;"
    string 7: "LUser;"
    string 8: "Ljava/lang/Exception;"
    string 9: "Ljava/lang/Object;"
    string 10: "Ljava/lang/Runnable;"
    string 11: "Ljava/lang/String;"
    string 12: "Ljava/lang/invoke/CallSite;"
    string 13: "Ljava/lang/invoke/MethodHandle;"
    string 14: "Other.kt"
    string 15: "User.java"
    string 16: "V"
    string 17: "VL"
    string 18: "VLL"
    string 19: "Z"
    string 20: "[I"
    string 21: "[Ljava/lang/Object;"
    string 22: "bootstrap"
    string 23: "constant"
    string 24: "invokeExact"
    string 25: "jumbo"
    string 26: "kept by nobody"
    string 27: "local000"
    string 28: "marked value"
    string 29: "only an argument"
    string 30: "p000"
    string 31: "run"
    string 32: "static value"
    string 33: "value"
    string 34: "work"
    string 35: "x"
    string 36: "y"
    type 0: I
    type 1: LDebug000;
    type 2: LMarked;
    type 3: LThing;
    type 4: LUser;
    type 5: Ljava/lang/Exception;
    type 6: Ljava/lang/Object;
    type 7: Ljava/lang/Runnable;
    type 8: Ljava/lang/String;
    type 9: Ljava/lang/invoke/CallSite;
    type 10: Ljava/lang/invoke/MethodHandle;
    type 11: V
    type 12: Z
    type 13: [I
    type 14: [Ljava/lang/Object;
    prototype 0: ()V
    prototype 1: (Ljava/lang/Object;)V
    prototype 2: (Ljava/lang/String;[I)V
    field 0: LUser;->value:I
    field 1: LUser;->x:Ljava/lang/String;
    field 2: LUser;->y:Z
    method 0: LThing;->bootstrap(Ljava/lang/String;[I)V
    method 1: LUser;-><init>()V
    method 2: LUser;->run()V
    method 3: LUser;->work(Ljava/lang/String;[I)V
    method 4: Ljava/lang/invoke/MethodHandle;->invokeExact(Ljava/lang/Object;)V
    handle 0: method handle 4 of LThing;->bootstrap(Ljava/lang/String;[I)V
    handle 1: method handle 0 of LUser;->x:Ljava/lang/String;
    call site 0: ×5 method handle 4 of LThing;->bootstrap(Ljava/lang/String;[I)V "run" ()V "only an argument" Ljava/lang/invoke/CallSite;
    class LThing; 0x601
      extends Ljava/lang/Object;
    class LUser; 0x1
      extends Ljava/lang/Object;
      implements Ljava/lang/Runnable;
      source file User.java
      annotation of class, visibility 1: LMarked; ×3 value= 1c ×8 "marked value" [Ljava/lang/Object; 1e 3f 1f 243412 LUser;->x:Ljava/lang/String; 1d LThing; ×1 x= I x= LUser;->x:Ljava/lang/String; y= LUser;->work(Ljava/lang/String;[I)V
      annotation of class, visibility 2: LThing; ×0
      annotation of LUser;->value:I, visibility 2: LThing; ×0
      annotation of parameter 0 of LUser;->work(Ljava/lang/String;[I)V, visibility 2: LThing; ×0
      static values ×1 "static value"
      static field LUser;->x:Ljava/lang/String; 0x9
      instance field LUser;->value:I 0x1
      instance field LUser;->y:Z 0x2
      direct method LUser;-><init>()V 0x10001
        registers 1, ins 1, outs 0, debug information
        0000: 000e
      virtual method LUser;->run()V 0x1
        registers 1, ins 1, outs 0, debug information
        0000: 000e
      virtual method LUser;->work(Ljava/lang/String;[I)V 0x1
        registers 6, ins 3, outs 2, debug information
        0000: 001a 0017 "constant"
        0002: 011b 0019 0000 "jumbo"
        0005: 001c 0003 LThing;
        0007: 001f 0004 LUser;
        0009: 1020 0008 Ljava/lang/String;
        000b: 0022 0006 Ljava/lang/Object;
        000d: 1023 000d [I
        000f: 1024 000d 0000 [I
        0012: 0225 000e 0000 [Ljava/lang/Object;
        0015: 3052 0000
        0017: 0062 0001
        0019: 106e 0002 0003
        001c: 0174 0002 0003
        001f: 20fa 0004 0030 0001
        0023: 02fb 0004 0000 0001
        0027: 10fc 0000 0000
        002a: 01fd 0000 0000
        002d: 00fe 0001
        002f: 00ff 0002
        0031: 0018 0001 0002 0003 0004
        0036: 0013 0007
        0038: 002b 000a 0000
        003b: 002c 000f 0000
        003e: 0026 0016 0000
        0041: 000e
        0042: 0100 0002 0000 0000 0003 0000 0006 0000
        004a: 0200 0002 0001 0000 0009 0000 0003 0000 0006 0000
        0054: 0300 0001 0003 0000 1a1b 001c
        guarded 2 + 3 by the handler at 1
        guarded 7 + 2 by the handler at 7
        handler at 1
          Ljava/lang/Exception; to 3
          LThing; to 5
          everything to 3
        handler at 7
          everything to 7
    "#);
}

/// A dump without what only tells where something stands: sections, numbers of strings and types, indices of instructions.
fn without_numbers(dump: &str) -> Vec<String> {
    let lines = dump.lines().filter(|line| !line.contains(" × "));
    let numberless = lines.map(|line| match line.split_once(": ") {
        Some((head, rest)) if head.starts_with("string ") || head.starts_with("type ") => {
            format!("{} {rest}", head.split(' ').next().unwrap())
        }
        Some((head, rest)) if rest.contains(['"', ';', '[']) && line.starts_with("    0") => {
            format!("{head}: {} {}", &rest[..4], rest.rsplit(' ').next().unwrap())
        }
        _ => line.to_owned(),
    });
    numberless.collect()
}

#[test]
fn golden_difference() {
    let built = SMALL.build();
    let (out, stripped) = strip(&built.bytes);
    let before = without_numbers(&dump(&parse(&built.bytes)).unwrap());
    let after = without_numbers(&dump(&parse(&out)).unwrap());
    let only = |these: &[String], those: &[String], sign| -> String {
        these.iter().filter(|line| !those.contains(line)).map(|line| format!("{sign} {line}\n")).collect()
    };
    let changes = [only(&before, &after, '-'), only(&after, &before, '+')].concat();
    insta::assert_snapshot!(format!("{stripped:?}\n{changes}"), @r#"
    Stripped { line_tables: 2, local_names: 3, source_files: 1, strings: 6, types: 1, pools_kept: false }
    - DEX 039, 1668 bytes
    - string "LDebug000;"
    - string "LThing<TT;>;"
    - string "Other.kt"
    - string "User.java"
    - string "local000"
    - string "p000"
    - type LDebug000;
    -   source file User.java
    -     registers 1, ins 1, outs 0, debug information
    -     registers 1, ins 1, outs 0, debug information
    -     registers 6, ins 3, outs 2, debug information
    + DEX 039, 1532 bytes
    +     registers 1, ins 1, outs 0
    +     registers 1, ins 1, outs 0
    +     registers 6, ins 3, outs 2
    "#);
}

#[test]
fn only_what_debug_information_used_is_gone() {
    for sample in [SMALL, LARGE] {
        let built = sample.build();
        let (out, stripped) = strip(&built.bytes);
        let expected = Stripped {
            line_tables: 2,
            local_names: sample.debug_only as u32 + 2,
            source_files: 1,
            // Type and name of each local variable, the last parameter's name, signature, source file and other file.
            strings: 2 * sample.debug_only as u32 + 4,
            types: sample.debug_only as u32,
            pools_kept: false,
        };
        assert_eq!(stripped, expected);
        let (before, after) = (strings(&built.bytes), strings(&out));
        let gone: Vec<_> = before.iter().filter(|text| !after.contains(text)).collect();
        assert_eq!(gone.len(), expected.strings as usize);
        let debug_only = |text: &str| {
            ["\"LDebug", "\"local", "\"p0", "\"p2", "\"LThing<", "\"Other.kt", "\"User.java"]
                .iter()
                .any(|start| text.starts_with(start))
        };
        assert!(gone.iter().all(|text| debug_only(text)), "{gone:?}");
        assert!(after.contains(&"\"kept by nobody\"".to_owned()), "a compiler's mark stays");
    }
}

#[test]
fn indices_that_become_shorter_move_what_follows_them() {
    let built = LARGE.build();
    let (out, _) = strip(&built.bytes);
    let (before, after) = (dump(&parse(&built.bytes)).unwrap(), dump(&parse(&out)).unwrap());
    // The second handler starts earlier, as the types of the first take one byte less each.
    assert!(before.contains("guarded 7 + 2 by the handler at 9\n") && before.contains("handler at 9\n"), "{before}");
    assert!(after.contains("guarded 7 + 2 by the handler at 7\n") && after.contains("handler at 7\n"), "{after}");
}

#[test]
fn an_unedited_file_keeps_every_byte() {
    for sample in [SMALL, LARGE] {
        let built = sample.build();
        assert_eq!(parse(&built.bytes).to_bytes().unwrap(), built.bytes);
    }
}

#[test]
fn nothing_to_take_out() {
    let (out, _) = strip(&SMALL.build().bytes);
    assert_eq!(parse(&out).strip_debug_info().unwrap(), None);
}

#[test]
fn only_a_source_file() {
    let mut layout = SMALL.layout();
    layout.sections.retain(|(kind, _)| *kind != kind::DEBUG_INFO);
    let mut built = layout.build();
    for code in 0..2 {
        let place = built.place(kind::CODE, code) + 8;
        built = built.patch(place, &[0; 4]);
    }
    let (_, stripped) = strip(&built.bytes);
    assert_eq!((stripped.line_tables, stripped.source_files, stripped.strings), (0, 1, 1));
}

#[test]
fn debug_items_that_no_code_uses_go_too() {
    let mut built = SMALL.build();
    for code in 0..2 {
        let place = built.place(kind::CODE, code) + 8;
        built = built.patch(place, &[0; 4]);
    }
    let (_, stripped) = strip(&built.bytes);
    assert_eq!((stripped.line_tables, stripped.types), (2, 1));
}

#[test]
fn debug_information_at_a_place_where_there_is_none_goes_too() {
    let built = SMALL.build();
    let place = built.place(kind::CODE, 1) + 8;
    let Built { bytes, .. } = built.patch(place, &[0xff; 4]);
    strip(&bytes);
    let error = parse(&bytes).to_bytes().unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "DEX: debug information of a method at offset {place} points to 4294967295, where no debug_info_item starts"
        )
    );
}

#[test]
fn the_same_input_gives_the_same_output() {
    let built = LARGE.build();
    assert_eq!(strip(&built.bytes), strip(&built.bytes));
}
