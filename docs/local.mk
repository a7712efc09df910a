EXTRA_DIST += %D%/architecture.md %D%/decisions.md %D%/nat-matrix.md %D%/performance.md %D%/performance.svg %D%/plugins.md %D%/security.md %D%/signaling.md
