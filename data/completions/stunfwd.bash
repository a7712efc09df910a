# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of stunfwd and stunfwd-signald

_stunfwd_words() {                                  # LIST
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_stunfwd_files() {                                  # -f or -d
	compopt -o filenames
	mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

# The value of the option before the cursor. False: the option takes none.
_stunfwd_value() {
	case $prev in
	--ticket-file | --passphrase-file | --config | --control | --tls-cert | --tls-key | \
		--turn-password-file | --turn-secret-file)
		_stunfwd_files -f ;;
	--plugin-dir) _stunfwd_files -d ;;
	--log-level) _stunfwd_words 'error warning info debug' ;;
	--log-format) _stunfwd_words 'text json journal' ;;
	--store) _stunfwd_words 'memory' ;;
	--signaling | --room | --allow | --stun | --turn | --turn-user | --turn-uri | --strategy | --profile | --listen | -l | --stun-alternate | \
		--public-url | --max-rooms | --rate | --relay-rate) ;;
	--relay) _stunfwd_words 'on off' ;;
	*) return 1 ;;
	esac
}

_stunfwd() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local session='--signaling --room --passphrase-file --ticket-file --allow --stun --strategy
		--turn --turn-user --turn-password-file
		--plugin-dir --config --control --log-level --log-format --help'

	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		_stunfwd_words 'server client run nat explain ctl plugins --help --version'
		return
	fi
	_stunfwd_value && return
	case ${COMP_WORDS[1]} in
	server | run) _stunfwd_words "$session" ;;
	client)
		case $cur in
		-*) _stunfwd_words "$session" ;;
		*) compopt -o nospace; _stunfwd_words 'tcp: udp: R:tcp: R:udp:' ;;
		esac ;;
	nat) _stunfwd_words '--stun --lifetime --json --help' ;;
	explain) _stunfwd_words '--control --json --help' ;;
	ctl)
		case $prev in
		log-level) _stunfwd_words 'error warning info debug' ;;
		*) _stunfwd_words 'status list add remove plugins log-level stop
			--control --profile --json --help' ;;
		esac ;;
	plugins) _stunfwd_words '--plugin-dir --json --help' ;;
	esac
}

_stunfwd_signald() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	_stunfwd_value || _stunfwd_words '--listen --tls-cert --tls-key --stun --stun-alternate --turn-uri --turn-secret-file
		--store --public-url --max-rooms --rate --relay --relay-rate --version --help'
}

complete -F _stunfwd stunfwd
complete -F _stunfwd_signald stunfwd-signald
