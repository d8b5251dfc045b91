//! What holds where a configuration says nothing (`behaviour.md` section 4, end; `grammar.md` section 9.1).
