"""Which parameters an observable can see at all."""
