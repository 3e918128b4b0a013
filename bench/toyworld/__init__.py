"""The toy world: procedurally drawn, labelled and captioned scenes."""
