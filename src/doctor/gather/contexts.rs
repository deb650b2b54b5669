//! The contexts of the kubeconfig, as far as messages need them.

use crate::{
    cluster::{ConnectEnvironment, ConnectOptions, ContextNames},
    doctor::{CommandWords, SearchedPlace},
};

/// Fills in what the kubeconfig calls the place. Without a kubeconfig, as in a pod, there are no names.
pub fn contexts_of(flags: &ConnectOptions, environment: &ConnectEnvironment, place: &mut SearchedPlace) {
    place.asked = CommandWords::of(flags);
    let Ok(names) = ContextNames::read(flags, environment) else { return };
    place.names = names.current.into_iter().collect();
    place.names.extend(names.cluster);
    place.other_contexts = names.others;
}
