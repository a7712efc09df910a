EXTRA_DIST += %D%/README.md %D%/results.md %D%/install.sh %D%/bench.py %D%/first-byte.py \
	%D%/forward.py %D%/peers.py %D%/testbed.py %D%/tools/pb.c %D%/node/datachannel.js \
	%D%/node/hs-preload.js %D%/node/hyper-boot.js %D%/node/hyper-tunnel.js %D%/node/iroh-tunnel.js
