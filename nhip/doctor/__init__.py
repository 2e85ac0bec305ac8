"""What is wrong with an installation, in words, with the remedy: `nhip doctor`."""
