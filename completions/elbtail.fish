complete --keep-order --exclusive --command elbtail --arguments "(COMPLETE=fish elbtail -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
