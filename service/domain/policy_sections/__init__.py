"""Sections of the policy document, one module each; every one has defaults, so that older documents stay valid."""
