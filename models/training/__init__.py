"""From sign-ups whose outcomes are known to a trained, calibrated model with its card."""
