//! [`is_utf8`]: whether the locale says that the terminal speaks UTF-8.

use crate::environment::Environment;

/// Whether the locale's character set is UTF-8, from `$LC_ALL`, `$LC_CTYPE` and `$LANG`: the first that is set decides.
///
/// It decides on nothing but the separator: a
/// container's own UTF-8 is shown in any case, because terminals know it where a bare container image has no locale.
pub fn is_utf8(environment: &Environment) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| environment.get(name)).unwrap_or_default();
    let locale = locale.to_string_lossy().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_decides() {
        let utf8 = |vars: &[(&str, &str)]| is_utf8(&vars.iter().copied().collect());
        assert!(utf8(&[("LANG", "en_US.UTF-8")]));
        assert!(utf8(&[("LANG", "C.utf8"), ("LC_ALL", "")]));
        assert!(utf8(&[("LANG", "C"), ("LC_CTYPE", "UTF-8")]));
        assert!(!utf8(&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")]));
        assert!(!utf8(&[("LANG", "de_DE.ISO-8859-1")]));
        assert!(!utf8(&[]));
    }
}
