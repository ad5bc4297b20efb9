"""Growth where no statevector goes: what a gate at the end would gain is a local question."""
