//! Names of archives (`behaviour.md` section 5): made, recognised, ordered.
