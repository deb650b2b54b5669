use proptest::prelude::*;

use super::*;

const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

#[test]
fn masks_what_the_dashboard_masks() {
    for (text, masked) in [
        (
            "azcopy cp https://s.blob.core.windows.net/q/a.fa?sv=2022-11-02&sp=r&sig=a%2Bb%3D .",
            "azcopy cp https://s.blob.core.windows.net/q/a.fa?*** .",
        ),
        ("https://h/p?se=2026&sr=c&sig=abc", "https://h/p?***"),
        ("SAS is sig=abc&x=1", "SAS is sig=***&x=1"),
        ("Authorization: Bearer abcdefghijklmnop.qr", "Authorization: Bearer ***"),
        ("AZCOPY_SPA_CLIENT_SECRET=hunter2", "AZCOPY_SPA_CLIENT_SECRET=***"),
        ("AZURE_STORAGE_KEY=abc", "AZURE_STORAGE_KEY=***"),
        (r#"{"accountKey": "abc", "n": 1}"#, r#"{"accountKey": "***", "n": 1}"#),
        ("password: hunter2, user: me", "password: ***, user: me"),
        ("--token=abc", "--token=***"),
        ("DefaultEndpointsProtocol=https;AccountName=x;AccountKey=y;EndpointSuffix=z", "DefaultEndpointsProtocol=***"),
        ("jwt eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln end", "jwt *** end"),
    ] {
        assert_eq!(mask(text), masked, "{text}");
    }
    assert_eq!(mask(&format!("key {KEY}")), "key ***");
}

#[test]
fn leaves_what_is_no_secret() {
    for text in [
        "containerd://9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "MKVLAAGIVGLCAKAYLLSEEKIWMKVLAAGIVGLCAKAYLLSEEKIWMKVLAAGIVGLCAKAYLLSEEKIW",
        "ACGTNNNNACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTacgtacgtacgtacgt",
        "secret \"azure-creds\" not found",
        "run start 000 blastn core_nt_shard_03",
        "https://h/p?restype=container&comp=list",
        "RUNTIME blast-job-000 42.000000 seconds",
    ] {
        assert!(matches!(mask(text), Cow::Borrowed(_)), "{text}");
    }
}

#[test]
fn values_under_secret_names_are_masked_whole() {
    let mut value = serde_json::json!({
        "env": [{"name": "AZURE_STORAGE_ACCOUNT_KEY", "value": "x"}, {"name": "JOB_NUM", "value": "000"}],
        "clientSecret": "x", "secretName": "creds", "key": "node.kubernetes.io/not-ready", "url": "https://h/p?sig=x",
    });
    mask_json(&mut value);
    let masked = serde_json::json!({
        "env": [{"name": "AZURE_STORAGE_ACCOUNT_KEY", "value": "***"}, {"name": "JOB_NUM", "value": "000"}],
        "clientSecret": "***", "secretName": "creds", "key": "node.kubernetes.io/not-ready", "url": "https://h/p?***",
    });
    assert_eq!(value, masked);
}

proptest! {
    #[test]
    fn masking_twice_is_masking_once(text in "(\\PC|[?&= :]|sig=|token=|Bearer |\\?sv=1|key|secret){0,40}") {
        let once = mask(&text).into_owned();
        prop_assert_eq!(mask(&once), once.as_str());
    }

    #[test]
    fn no_secret_slips_out(
        before in "[a-z ]{0,12}", after in "[a-z ]{0,12}", secret in "[A-Za-z0-9%+/]{24,60}",
        form in 0usize..6,
    ) {
        let inner = match form {
            0 => format!("https://a.b/c?sv=2022&sig={secret}"),
            1 => format!("sig={secret}"),
            2 => format!("CLIENT_SECRET={secret}"),
            3 => format!("\"password\": \"{secret}\""),
            4 => format!("DefaultEndpointsProtocol=https;AccountKey={secret};X=y"),
            _ => format!("Authorization: Bearer {}", secret.replace('%', "x")),
        };
        let text = format!("{before} {inner} {after}");
        let masked = mask(&text);
        prop_assert!(!masked.contains(&secret), "{masked}");
        prop_assert!(masked.starts_with(&before) && masked.ends_with(&after), "{masked}");
    }

    #[test]
    fn sequences_survive(sequence in "[ACGTNacgtn]{1,200}|[A-Z*]{1,200}") {
        prop_assert_eq!(mask(&sequence), sequence.as_str());
    }

    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let masked = mask_bytes(&bytes).into_owned();
        prop_assert!(mask_bytes(&masked) == masked);
    }
}
