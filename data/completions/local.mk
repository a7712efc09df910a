bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = %D%/stunfwd.bash %D%/stunfwd-signald.bash

zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = %D%/_stunfwd
