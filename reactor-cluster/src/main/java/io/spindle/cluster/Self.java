// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * How this JVM was started.
 *
 * @param java the launcher
 * @param flags what the JVM was given, argument files and environment variables included
 * @param classPath the class path, or the jar of {@code -jar}
 * @param command main class, jar or module with its arguments, joined by spaces
 * @param commandLine the words of the real command line, as far as the platform tells
 * @param modulePath of a program in modules
 * @param mainModule of a program in modules
 * @param feature the Java version
 * @param processors how many
 */
record Self(
        String java,
        List<String> flags,
        String classPath,
        String command,
        List<String> commandLine,
        Optional<String> modulePath,
        Optional<String> mainModule,
        int feature,
        int processors) {

    /** Blocks: it reads a file. */
    static Self current() {
        return new Self(
                CommandLine.javaIn(property("java.home")),
                ManagementFactory.getRuntimeMXBean().getInputArguments(),
                property("java.class.path"),
                property("sun.java.command"),
                realCommandLine(),
                Optional.ofNullable(System.getProperty("jdk.module.path")),
                Optional.ofNullable(System.getProperty("jdk.module.main")),
                Runtime.version().feature(),
                Runtime.getRuntime().availableProcessors());
    }

    private static String property(String name) {
        return Objects.requireNonNullElse(System.getProperty(name), "");
    }

    /** The JDK's own view of the arguments ends at one page, so Linux is asked directly. */
    private static List<String> realCommandLine() {
        try {
            String all = Files.readString(Path.of("/proc/self/cmdline"), Charset.defaultCharset());
            String words = all.endsWith("\0") ? all.substring(0, all.length() - 1) : all;
            return List.of(words.split("\0", -1));
        } catch (IOException e) {
            return ProcessHandle.current().info().arguments().map(List::of).orElseGet(List::of);
        }
    }
}
