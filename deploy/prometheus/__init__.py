"""Rules, their tests, and the renderer of a fast copy for demos and end-to-end tests."""
