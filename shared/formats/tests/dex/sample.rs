//! A small file with everything that holds an index or an offset.

use crate::builder::*;

/// What there is only for debug information: this many names, types and signatures before and among the others.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) debug_only: usize,
}

/// Few names, for reading.
pub(crate) const SMALL: Sample = Sample { debug_only: 1 };
/// So many that the others' indices take fewer bytes without them.
pub(crate) const LARGE: Sample = Sample { debug_only: 300 };

const NO_INDEX: u32 = u32::MAX;

const STRINGS: [&str; 32] = [
    "<init>",
    "I",
    "L",
    "LMarked;",
    "LThing;",
    "LUser;",
    "Ljava/lang/Exception;",
    "Ljava/lang/Object;",
    "Ljava/lang/Runnable;",
    "Ljava/lang/String;",
    "Ljava/lang/invoke/CallSite;",
    "Ljava/lang/invoke/MethodHandle;",
    "User.java",
    "V",
    "VL",
    "VLL",
    "Z",
    "[I",
    "[Ljava/lang/Object;",
    "bootstrap",
    "constant",
    "invokeExact",
    "jumbo",
    "kept by nobody",
    "marked value",
    "only an argument",
    "run",
    "static value",
    "value",
    "work",
    "x",
    "y",
];

const TYPES: [&str; 14] = [
    "I",
    "LMarked;",
    "LThing;",
    "LUser;",
    "Ljava/lang/Exception;",
    "Ljava/lang/Object;",
    "Ljava/lang/Runnable;",
    "Ljava/lang/String;",
    "Ljava/lang/invoke/CallSite;",
    "Ljava/lang/invoke/MethodHandle;",
    "V",
    "Z",
    "[I",
    "[Ljava/lang/Object;",
];

/// Names in their order, to look indices up.
struct Names {
    strings: Vec<String>,
    types: Vec<u32>,
}

impl Names {
    fn new(sample: Sample) -> Self {
        let debug_types = (0..sample.debug_only).map(|number| format!("LDebug{number:03};"));
        let debug_names =
            (0..sample.debug_only).flat_map(|number| [format!("local{number:03}"), format!("p{number:03}")]);
        let signatures = ["LThing<TT;>;".to_owned(), "Other.kt".to_owned()];
        let mut strings: Vec<String> = STRINGS.map(str::to_owned).to_vec();
        strings.extend(debug_types.clone().chain(debug_names).chain(signatures));
        strings.sort();
        let index = |text: &String| strings.binary_search(text).unwrap() as u32;
        let mut types: Vec<u32> =
            TYPES.iter().map(|text| index(&text.to_string())).chain(debug_types.map(|text| index(&text))).collect();
        types.sort_unstable();
        Self { strings, types }
    }

    fn string(&self, text: &str) -> u32 {
        self.strings.binary_search(&text.to_owned()).unwrap_or_else(|_| panic!("string {text}")) as u32
    }

    fn type_(&self, descriptor: &str) -> u32 {
        self.types.binary_search(&self.string(descriptor)).unwrap_or_else(|_| panic!("type {descriptor}")) as u32
    }

    fn short(&self, descriptor: &str) -> u16 {
        self.type_(descriptor) as u16
    }

    /// A value that is an index: its type and as few bytes as it takes.
    fn value(&self, kind: u8, index: u32) -> Vec<u8> {
        let length = index.to_le_bytes().iter().rposition(|byte| *byte != 0).unwrap_or(0);
        [&[(length as u8) << 5 | kind], &index.to_le_bytes()[..=length]].concat()
    }
}

// Rows of the tables, by hand in their order.
mod proto {
    pub(super) const V: u32 = 0;
    pub(super) const VL: u32 = 1;
    pub(super) const VLL: u32 = 2;
}

mod method {
    pub(super) const THING_BOOTSTRAP: u16 = 0;
    pub(super) const USER_INIT: u32 = 1;
    pub(super) const USER_RUN: u32 = 2;
    pub(super) const USER_WORK: u32 = 3;
    pub(super) const INVOKE_EXACT: u16 = 4;
}

impl Sample {
    pub(crate) fn layout(self) -> Layout {
        let names = Names::new(self);
        let n = &names;
        Layout {
            version: b"039",
            sections: vec![
                (
                    kind::STRING_ID,
                    (0..n.strings.len()).map(|number| vec![Piece::Offset(kind::STRING_DATA, number)]).collect(),
                ),
                (kind::TYPE_ID, n.types.iter().map(|string| vec![words(&[*string])]).collect()),
                (kind::PROTO_ID, protos(n)),
                (kind::FIELD_ID, fields(n)),
                (kind::METHOD_ID, methods(n)),
                (kind::CLASS_DEF, classes(n)),
                (kind::CALL_SITE_ID, vec![vec![Piece::Offset(kind::ARRAY, 1)]]),
                (
                    kind::METHOD_HANDLE,
                    vec![vec![shorts(&[4, 0, method::THING_BOOTSTRAP, 0])], vec![shorts(&[0, 0, 1, 0])]],
                ),
                (kind::CODE, codes(n)),
                (kind::DEBUG_INFO, debug_infos(n, self.debug_only)),
                (kind::TYPE_LIST, type_lists(n)),
                (
                    kind::STRING_DATA,
                    n.strings.iter().map(|text| vec![ulebs(&[text.len() as u32]), bytes(text), bytes([0])]).collect(),
                ),
                (kind::ANNOTATION, annotations(n)),
                (kind::CLASS_DATA, class_data()),
                (kind::ARRAY, arrays(n)),
                (kind::SET, vec![set(&[0, 1]), set(&[1]), set(&[])]),
                (kind::SET_LIST, vec![vec![words(&[2]), Piece::Offset(kind::SET, 1), words(&[0])]]),
                (kind::DIRECTORY, vec![directory()]),
                (kind::HIDDEN_API, vec![hidden_api()]),
                (kind::MAP, Vec::new()),
            ],
            trailing: Vec::new(),
        }
    }

    pub(crate) fn build(self) -> Built {
        self.layout().build()
    }
}

fn protos(n: &Names) -> Vec<Item> {
    let void = n.type_("V");
    vec![
        vec![words(&[n.string("V"), void, 0])],
        vec![words(&[n.string("VL"), void]), Piece::Offset(kind::TYPE_LIST, 0)],
        vec![words(&[n.string("VLL"), void]), Piece::Offset(kind::TYPE_LIST, 1)],
    ]
}

fn type_lists(n: &Names) -> Vec<Item> {
    let list = |types: &[&str]| {
        let types: Vec<u16> = types.iter().map(|descriptor| n.short(descriptor)).collect();
        vec![words(&[types.len() as u32]), shorts(&types)]
    };
    vec![list(&["Ljava/lang/Object;"]), list(&["Ljava/lang/String;", "[I"]), list(&["Ljava/lang/Runnable;"])]
}

fn fields(n: &Names) -> Vec<Item> {
    let field = |of, name| vec![shorts(&[n.short("LUser;"), n.short(of)]), words(&[n.string(name)])];
    vec![field("I", "value"), field("Ljava/lang/String;", "x"), field("Z", "y")]
}

fn methods(n: &Names) -> Vec<Item> {
    let method = |class, proto: u32, name| vec![shorts(&[n.short(class), proto as u16]), words(&[n.string(name)])];
    vec![
        method("LThing;", proto::VLL, "bootstrap"),
        method("LUser;", proto::V, "<init>"),
        method("LUser;", proto::V, "run"),
        method("LUser;", proto::VLL, "work"),
        method("Ljava/lang/invoke/MethodHandle;", proto::VL, "invokeExact"),
    ]
}

fn classes(n: &Names) -> Vec<Item> {
    vec![
        vec![words(&[n.type_("LThing;"), 0x601, n.type_("Ljava/lang/Object;"), 0, NO_INDEX, 0, 0, 0])],
        vec![
            words(&[n.type_("LUser;"), 1, n.type_("Ljava/lang/Object;")]),
            Piece::Offset(kind::TYPE_LIST, 2),
            words(&[n.string("User.java")]),
            Piece::Offset(kind::DIRECTORY, 0),
            Piece::Offset(kind::CLASS_DATA, 0),
            Piece::Offset(kind::ARRAY, 0),
        ],
    ]
}

/// One static and two instance fields, `<init>` with the same code as `run`, `work`.
fn class_data() -> Vec<Item> {
    vec![vec![
        ulebs(&[1, 2, 1, 2]),
        ulebs(&[1, 0x9, 0, 0x1, 2, 0x2]),
        ulebs(&[method::USER_INIT, 0x1_0001]),
        Piece::Uleb(kind::CODE, 0),
        ulebs(&[method::USER_RUN, 0x1]),
        Piece::Uleb(kind::CODE, 0),
        ulebs(&[1, 0x1]),
        Piece::Uleb(kind::CODE, 1),
    ]]
}

fn codes(n: &Names) -> Vec<Item> {
    let head = |registers, ins, outs, tries| shorts(&[registers, ins, outs, tries]);
    let debug = |number| Piece::Offset(kind::DEBUG_INFO, number);
    let units = work(n);
    // From the third instruction on, one handler for an exception and for everything, one for everything.
    let (first, catch) = (n.type_("Ljava/lang/Exception;"), n.type_("LThing;"));
    let mut handlers = vec![2, 0x7e];
    handlers.extend(uleb(first));
    handlers.push(3);
    handlers.extend(uleb(catch));
    handlers.extend([5, 3]);
    let second = handlers.len() as u16;
    handlers.extend([0, 7]);
    vec![
        vec![head(1, 1, 0, 0), debug(0), words(&[1]), shorts(&[0x000e])],
        vec![
            head(6, 3, 2, 2),
            debug(1),
            words(&[units.len() as u32]),
            shorts(&units),
            // Guarded ranges start at a multiple of four.
            shorts(if units.len() % 2 == 1 { &[0] } else { &[] }),
            words(&[2]),
            shorts(&[3, 1]),
            words(&[7]),
            shorts(&[2, second]),
            bytes(handlers),
        ],
        // A code item that nothing refers to.
        vec![head(1, 0, 0, 0), words(&[0, 3]), shorts(&[0x001c, n.short("LMarked;"), 0x000e])],
    ]
}

/// Every instruction with an index, and every table.
fn work(n: &Names) -> Vec<u16> {
    let string = |text| n.string(text) as u16;
    let mut units = vec![0x001a, string("constant")];
    units.extend([0x011b, string("jumbo"), (n.string("jumbo") >> 16) as u16]);
    units.extend([0x001c, n.short("LThing;")]);
    units.extend([0x001f, n.short("LUser;")]);
    units.extend([0x1020, n.short("Ljava/lang/String;")]);
    units.extend([0x0022, n.short("Ljava/lang/Object;")]);
    units.extend([0x1023, n.short("[I")]);
    units.extend([0x1024, n.short("[I"), 0x0000]);
    units.extend([0x0225, n.short("[Ljava/lang/Object;"), 0x0000]);
    units.extend([0x3052, 0]);
    units.extend([0x0062, 1]);
    units.extend([0x106e, method::USER_RUN as u16, 0x0003]);
    units.extend([0x0174, method::USER_RUN as u16, 0x0003]);
    units.extend([0x20fa, method::INVOKE_EXACT, 0x0030, proto::VL as u16]);
    units.extend([0x02fb, method::INVOKE_EXACT, 0x0000, proto::VL as u16]);
    units.extend([0x10fc, 0, 0x0000]);
    units.extend([0x01fd, 0, 0x0000]);
    units.extend([0x00fe, 1]);
    units.extend([0x00ff, proto::VLL as u16]);
    units.extend([0x0018, 1, 2, 3, 4]);
    units.extend([0x0013, 7]);
    let at = units.len() as u16;
    // Three instructions of three units and the return; tables start at even units.
    let first = (at + 10).next_multiple_of(2);
    units.extend([0x002b, first - at, 0, 0x002c, first + 8 - (at + 3), 0, 0x0026, first + 18 - (at + 6), 0, 0x000e]);
    units.resize(usize::from(first), 0);
    units.extend([0x0100, 2, 0, 0, 3, 0, 6, 0]);
    units.extend([0x0200, 2, 1, 0, 9, 0, 3, 0, 6, 0]);
    units.extend([0x0300, 1, 3, 0, 0x1a1b, 0x001c]);
    units
}

fn debug_infos(n: &Names, debug_only: usize) -> Vec<Item> {
    let mut locals = Vec::new();
    for number in 0..debug_only as u32 {
        locals.extend([3, 1]);
        locals.extend(uleb(n.string(&format!("local{number:03}")) + 1));
        locals.extend(uleb(n.type_(&format!("LDebug{number:03};")) + 1));
        locals.extend([5, 1]);
    }
    // A local variable with a signature, in another file, whose type is used elsewhere too.
    locals.extend([4, 2]);
    locals.extend(uleb(n.string("work") + 1));
    locals.extend(uleb(n.type_("LThing;") + 1));
    locals.extend(uleb(n.string("LThing<TT;>;") + 1));
    locals.push(9);
    locals.extend(uleb(n.string("Other.kt") + 1));
    locals.extend([1, 4, 2, 0x7b, 6, 2, 7, 8, 0x0e, 0]);
    vec![
        vec![bytes([1, 0, 7, 0x0e, 0])],
        vec![ulebs(&[2, 2, n.string(&format!("p{:03}", debug_only - 1)) + 1, 0]), bytes(locals)],
    ]
}

fn annotations(n: &Names) -> Vec<Item> {
    let mut all = uleb(n.type_("LMarked;"));
    all.push(3);
    all.extend(uleb(n.string("value")));
    all.extend([0x1c, 8]);
    all.extend(n.value(0x17, n.string("marked value")));
    all.extend(n.value(0x18, n.type_("[Ljava/lang/Object;")));
    all.extend([0x1e, 0x3f, 0x1f, 0x24, 0x34, 0x12, 0x19, 1]);
    all.extend([0x1d]);
    all.extend(uleb(n.type_("LThing;")));
    all.push(1);
    all.extend(uleb(n.string("x")));
    all.extend(n.value(0x18, n.type_("I")));
    all.extend(uleb(n.string("x")));
    all.extend([0x1b, 1]);
    all.extend(uleb(n.string("y")));
    all.extend([0x1a, 3]);
    let other = [uleb(n.type_("LThing;")), vec![0]].concat();
    vec![vec![bytes([1]), bytes(all)], vec![bytes([2]), bytes(other)]]
}

/// Static values, then a call site.
fn arrays(n: &Names) -> Vec<Item> {
    let statics = [vec![1], n.value(0x17, n.string("static value"))].concat();
    let call_site = [
        vec![5, 0x16, 0],
        n.value(0x17, n.string("run")),
        n.value(0x15, proto::V),
        n.value(0x17, n.string("only an argument")),
        n.value(0x18, n.type_("Ljava/lang/invoke/CallSite;")),
    ];
    vec![vec![bytes(statics)], vec![bytes(call_site.concat())]]
}

fn set(annotations: &[usize]) -> Item {
    let offsets = annotations.iter().map(|number| Piece::Offset(kind::ANNOTATION, *number));
    [words(&[annotations.len() as u32])].into_iter().chain(offsets).collect()
}

fn directory() -> Item {
    vec![
        Piece::Offset(kind::SET, 0),
        words(&[1, 1, 1]),
        words(&[0]),
        Piece::Offset(kind::SET, 1),
        words(&[method::USER_RUN]),
        Piece::Offset(kind::SET, 2),
        words(&[method::USER_WORK]),
        Piece::Offset(kind::SET_LIST, 0),
    ]
}

/// No flags for the first class; fields and methods of the second one.
fn hidden_api() -> Item {
    vec![words(&[18, 0, 12]), bytes([0, 1, 2, 0, 1, 2])]
}
