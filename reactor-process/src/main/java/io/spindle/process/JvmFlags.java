// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Flags of this JVM that another one, which runs beside it, may be started with as well.
 *
 * @since 0.1.0
 */
public final class JvmFlags {

    /**
     * Environment variables from which a JVM takes flags that it then counts among its own: a child that is given those
     * would take them twice.
     */
    public static final List<String> EXPANDED_VARIABLES = List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS");

    /** A debugger's or agent's port, and what the launcher itself adds for the module path. */
    private static final Pattern OF_ONE_PROCESS = Pattern.compile("-agentlib:jdwp.*|-Xrunjdwp.*|-Xdebug"
            + "|-Dcom\\.sun\\.management\\.jmxremote\\.(port|rmi\\.port|local\\.port)=.*|-Djdk\\.module\\..*");

    /** Files that are written; those of the log may be named without {@code file=}. */
    private static final Pattern FILES = Pattern.compile("-Xlog:[^:]*:(?!(stdout|stderr)?(:|$)).*|-Xloggc:.*"
            + "|-XX:StartFlightRecording.*filename=.*|-XX:ArchiveClassesAtExit=.*|-XX:[+]AutoCreateSharedArchive"
            + "|-XX:AOTCacheOutput=.*|-XX:AOTMode=(record|create)");

    private static final String PROCESS_ID = "%p";

    private JvmFlags() {}

    /**
     * Leaves out what only one process can have: a debugger's port, and a file that is written, unless its name holds
     * the process id.
     *
     * @param flags as {@link java.lang.management.RuntimeMXBean#getInputArguments()} returns them
     */
    public static List<String> shareable(List<String> flags) {
        return flags.stream().filter(JvmFlags::isShareable).toList();
    }

    private static boolean isShareable(String flag) {
        return !OF_ONE_PROCESS.matcher(flag).matches()
                && (flag.contains(PROCESS_ID) || !FILES.matcher(flag).matches());
    }
}
