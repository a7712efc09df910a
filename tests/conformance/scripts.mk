# Rules of the house that a compiler does not know.
script_tests += %D%/exports.sh %D%/includes.sh %D%/example-plugin.sh
