"""The first voice: screening, the Rasa project and the client that talks to it."""
