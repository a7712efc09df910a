EXTRA_DIST += %D%/architecture.md %D%/decisions.md %D%/plugins.md %D%/security.md %D%/signaling.md
