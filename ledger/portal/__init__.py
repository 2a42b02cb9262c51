"""The books as pages. They know no person: whoever mounts them says which funds the reader may see."""
