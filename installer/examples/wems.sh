#!/bin/sh
# Starts an application that needs its database for itself, and says in plain words when it cannot be had.
#
#   wems.sh DATABASE PROGRAM [ARGUMENT…]
#
# CAMCTL names the program camctl where it is not on the PATH; WAIT ("10m") waits in line for so long.
set -u

camctl=${CAMCTL:-camctl}
database=${1:?which database?}
shift

"$camctl" run --lock "$database" ${WAIT:+"--wait=$WAIT"} -m "${0##*/}" -- "$@"
code=$?

# camctl has said who has it, and since when. From here on codes are the application's own, if it uses them.
case $code in
11) echo "The database is in use. Wait until it is closed there, or start this again with WAIT=10m." >&2 ;;
13) echo "The database is still in use." >&2 ;;
14) echo "The database's lock was lost while the application ran: check what you changed last." >&2 ;;
15) echo "The shared folder cannot be reached. Is the network drive connected?" >&2 ;;
126 | 127) echo "The application cannot be started. Is it installed?" >&2 ;;
esac
exit "$code"
