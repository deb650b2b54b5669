//! The cryptography that TLS uses: one provider for the whole process.

use std::sync::Arc;

use rustls::{
    Error, NamedGroup,
    crypto::{CryptoProvider, KeyProvider, aws_lc_rs, ring},
    pki_types::PrivateKeyDer,
    sign::SigningKey,
};

/// Chooses the provider, unless the embedding process has.
///
/// aws-lc-rs knows all that Go's TLS does, P-521 keys too, which ring does not, and decrypts faster. But before its first random
/// number it measures the processor's jitter, which costs some 35 ms of CPU, as much as reading 200,000 lines; ring asks the system. So
/// whatever draws random numbers is ring's, which is in the graph anyway, for sqlx and object stores.
pub fn choose() {
    if CryptoProvider::get_default().is_none() {
        let random = ring::default_provider();
        let known = aws_lc_rs::default_provider();
        let is_new = |name: NamedGroup| random.kx_groups.iter().all(|group| group.name() != name);
        // Offered last, to servers that want no other.
        let others = known.kx_groups.iter().filter(|group| is_new(group.name()));
        let kx_groups = random.kx_groups.iter().chain(others).copied().collect();
        let provider = CryptoProvider { kx_groups, secure_random: random.secure_random, key_provider: &Keys, ..known };
        // An error only says that someone else was faster.
        let _ = provider.install_default();
    }
}

/// Client keys: ring's, or aws-lc-rs' where ring does not know them.
#[derive(Debug)]
struct Keys;

impl KeyProvider for Keys {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        let other = key.clone_key();
        let of = |provider: CryptoProvider, key| provider.key_provider.load_private_key(key);
        of(ring::default_provider(), other).or_else(|_| of(aws_lc_rs::default_provider(), key))
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    /// Of nobody.
    const P521: &str = "\
-----BEGIN PRIVATE KEY-----
MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIA0cb5SB9i1Q34G/tl
1+HnEH4oZywaxLGQ4vN9jm8BJrorpvIYi2pdIwjRr8pdNBjQXimc+ioy+gVBPmsV
EXW7JeWhgYkDgYYABACBV+lOigQqn2oCegiPj53b8MrSqMQD+cT1LGlYokVyIkwo
6OE7l0v/Qf2G1GxXfeS/1UIF37VvIo1oDv3t45bEWwGTETYcHZjGiE19oRdZOCJl
Ay71lHMehQDOT8etZDktantMs0qIdRlE7XulUU0xEDB+JHS90669WzKU7omarw03
Gw==
-----END PRIVATE KEY-----";

    #[test]
    fn client_keys_of_every_kind_are_known() {
        let curves = [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519];
        let made = curves.map(|curve| rcgen::KeyPair::generate_for(curve).unwrap().serialize_pem());
        for key in made.iter().map(String::as_str).chain([P521]) {
            let known = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            Keys.load_private_key(known).unwrap_or_else(|error| panic!("{key}: {error}"));
        }
        let nonsense = PrivateKeyDer::Pkcs8(vec![1, 2, 3].into());
        assert!(Keys.load_private_key(nonsense).is_err());
    }

    #[test]
    fn no_group_is_lost() {
        choose();
        let groups = &CryptoProvider::get_default().unwrap().kx_groups;
        for group in ring::default_provider().kx_groups.iter().chain(&aws_lc_rs::default_provider().kx_groups) {
            assert_eq!(groups.iter().filter(|other| other.name() == group.name()).count(), 1, "{:?}", group.name());
        }
        assert_eq!(groups[0].name(), NamedGroup::X25519);
    }
}
