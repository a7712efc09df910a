dist_man_MANS += %D%/stunfwd.1 %D%/stunfwd-signald.1 %D%/stunfwd.conf.5
