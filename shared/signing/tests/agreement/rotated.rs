//! Packages with lineages of keys, signed by apksigner and, with the lineage found there, here.

use std::path::Path;

use signing::apk::Schemes;

use crate::Package;
use crate::support::rotation::{FILES, Keys};
use crate::support::{TinyZip, framed, pairs_of};

pub(crate) fn packages(folder: &Path) -> Vec<Package> {
    let keys = Keys::rotated(folder);
    let zip = TinyZip::new(&FILES);
    let mut packages = Vec::new();
    let mut add = |name: String, bytes: Vec<u8>, min_sdk, damages, sound| {
        packages.push(Package { name, bytes, min_sdks: vec![min_sdk], target_sdk: 1, damages, sound });
    };
    for (lineage, newest) in [("two", 1), ("three", 2)] {
        for min_sdk in [18, 24, 28] {
            add(format!("lineage {lineage} by apksigner"), keys.signed(lineage, newest, min_sdk), min_sdk, 90, true);
        }
        let carried = zip.signed_on(&keys.signer(newest), &keys.lineage(lineage, newest));
        let v3 = pairs_of(&carried);
        add(format!("lineage {lineage} carried on"), carried, 28, 90, true);
        // Scheme v2 by each of the keys beside it: only the oldest is right.
        for number in 0..4 {
            let v2 = pairs_of(&zip.signed(&keys.signer(number), Schemes { v1: false, v2: true, v3: false }));
            let package = zip.with_block(&framed(&[v2, v3.clone()].concat()));
            add(format!("lineage {lineage} beside v2 by key {number}"), package, 24, 0, number == 0);
        }
    }
    packages
}
