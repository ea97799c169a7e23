// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

/** What {@link Guard} runs, for {@code /bin/sh} on Linux; no other program is needed. */
final class GuardScript {

    /** Marks the process, before the pid of the JVM that it serves. */
    static final String NAME = "spindle-guard";

    /**
     * Reads a line for each child, slot, pid, start time and whether it leads a group, until the pipe ends. Then it kills those
     * whose pid still has the same start time, with what descends from them: stopped first, until none is new.
     */
    static final String WATCH = """
            trap '' HUP INT QUIT TERM
            last=-1
            while read -r slot pid start leads; do
              eval "pid$slot=$pid start$slot=$start leads$slot=$leads"
              [ "$slot" -le "$last" ] || last=$slot
            done
            look() {
              read -r line <"/proc/$1/stat" || return 1
              set -- ${line##*) }
              parent=$2 start=${20}
            }
            tree=' ' groups=
            slot=0
            while [ "$slot" -le "$last" ]; do
              eval "pid=\\$pid$slot known=\\$start$slot leads=\\$leads$slot"
              if [ "$pid" ] && look "$pid" && [ "$start" = "$known" ]; then
                kill -s STOP "$pid"
                tree="$tree$pid "
                [ "$leads" = 0 ] || groups="$groups -$pid"
              fi
              slot=$((slot + 1))
            done
            [ "$tree" != ' ' ] || exit 0
            more=yes
            while [ "$more" ]; do
              more=
              for each in /proc/[0-9]*; do
                pid=${each#/proc/}
                case $tree in *" $pid "*) continue ;; esac
                look "$pid" || continue
                case $tree in
                  *" $parent "*) kill -s STOP "$pid"; tree="$tree$pid " more=yes ;;
                esac
              done
            done
            [ -z "$groups" ] || kill -s KILL -- $groups
            kill -s KILL $tree
            """;

    /**
     * Starts it as nobody's child, in a session of its own where that can be had: neither a signal from the terminal nor
     * a kill of this JVM's tree reaches it, and no list of children shows it.
     */
    static final String LAUNCH = """
            exec 3<&0
            watch=$1
            set -- /bin/sh -c "$watch" "$0" "$2"
            if command -v setsid >/dev/null; then
              set -- setsid "$@"
            fi
            "$@" <&3 3<&- &
            """;

    private GuardScript() {}
}
