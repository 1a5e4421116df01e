"""Staff: accounts, invitations, sign-in sessions and the throttle on guessing. Knows no sockets and no pages."""
