//! Keys that apksigner rotated, and packages signed with them.

use std::fs;
use std::path::{Path, PathBuf};

use signing::Signer;
use signing::apk::{Lineage, claimed_lineage};
use signing::generate::NewKey;

use super::{PASSWORD, TinyZip, keystore, layout, must_run, write};

pub(crate) const FILES: [(&str, &[u8]); 3] =
    [("AndroidManifest.xml", b"<manifest/>"), ("assets/one.txt", b"one"), ("classes.dex", b"dex\n035\0")];
/// Key 3 is in no lineage.
const KINDS: [NewKey; 4] = [NewKey::Rsa2048, NewKey::P256, NewKey::P384, NewKey::P256];

/// Four keys in a folder, and two lineages: `two` from key 0 to 1, `three` further on to 2.
pub(crate) struct Keys {
    folder: PathBuf,
}

impl Keys {
    pub(crate) fn rotated(folder: &Path) -> Self {
        for (number, kind) in KINDS.into_iter().enumerate() {
            write(folder, &format!("key-{number}.p12"), &keystore(kind));
        }
        // apksigner takes the next line for each password that it is sent here for.
        write(folder, "password", format!("{PASSWORD}\n").repeat(4).as_bytes());
        let rotate = "apksigner rotate --out @/two --old-signer --ks @/key-0.p12 --ks-pass file:@/password \
                      --set-installed-data true --set-rollback true --set-permission false \
                      --new-signer --ks @/key-1.p12 --ks-pass file:@/password";
        must_run(folder, rotate);
        let again = "apksigner rotate --in @/two --out @/three --old-signer --ks @/key-1.p12 --ks-pass file:@/password \
                     --new-signer --ks @/key-2.p12 --ks-pass file:@/password";
        must_run(folder, again);
        Self { folder: folder.to_owned() }
    }

    pub(crate) fn signer(&self, number: usize) -> Signer {
        let keystore = fs::read(self.folder.join(format!("key-{number}.p12"))).expect("a keystore");
        Signer::from_pkcs12(&keystore, PASSWORD, None).expect("opens")
    }

    /// A package that apksigner signed with the oldest and this newest key.
    pub(crate) fn signed(&self, lineage: &str, newest: usize, min_sdk: u32) -> Vec<u8> {
        write(&self.folder, "in.apk", &TinyZip::new(&FILES).unsigned());
        must_run(
            &self.folder,
            &format!(
                "apksigner sign --ks @/key-0.p12 --ks-pass file:@/password --next-signer --ks @/key-{newest}.p12 \
                 --ks-pass file:@/password --lineage @/{lineage} --min-sdk-version {min_sdk} --v4-signing-enabled false \
                 --out @/out.apk @/in.apk"
            ),
        );
        fs::read(self.folder.join("out.apk")).expect("a signed package")
    }

    /// The lineage that such a package carries.
    pub(crate) fn lineage(&self, lineage: &str, newest: usize) -> Lineage {
        let package = self.signed(lineage, newest, 28);
        let directory = layout(&package).expect("a layout").central_directory;
        claimed_lineage(package.as_slice(), directory).expect("readable").expect("a lineage")
    }
}
