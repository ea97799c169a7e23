// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.nio.file.Path;

/** The command line of another JVM of this class path, with an engine of its own. */
final class EngineJvm {

    private EngineJvm() {}

    /** Returns the command without arguments of the main class, which may be appended. */
    static Command command(Object engine, Class<?> main, String... flags) {
        return Command.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString())
                .args(
                        "-XX:+IgnoreUnrecognizedVMOptions",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dspindle.process.engine=" + engine)
                .args(flags)
                .args("-cp", System.getProperty("java.class.path"), main.getName());
    }

    /** The same in a shell, which has prepared something for it. */
    static Command command(String preparation, Object engine, Class<?> main) {
        return Command.shell(preparation + "; exec \"$@\"")
                .args(command(engine, main).line().toArray(String[]::new));
    }
}
