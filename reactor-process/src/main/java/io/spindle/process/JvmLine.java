// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.spindle.process.ipc.Channel;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The command line of a JVM that is to run a class of this program.
 *
 * @param main the class with the main method
 * @param inherit whether it gets the flags of this JVM before its own
 * @param nested whether the class is in a jar in a jar, from which the launcher of that jar loads it
 */
record JvmLine(
        String main,
        List<String> args,
        List<String> jvmArgs,
        boolean inherit,
        Path java,
        String classPath,
        boolean nested) {

    /** Connects, then calls the main method. Package-private there, as a main class may be. */
    private static final String RUNNER = Channel.class.getPackageName() + ".ForkMain";

    /** Spring Boot's launcher that runs a class other than that of the manifest. It is in each of its jars. */
    private static final String NESTED_LAUNCHER = "org.springframework.boot.loader.launch.PropertiesLauncher";

    static JvmLine of(Class<?> main, List<String> args) {
        return new JvmLine(
                main.getName(),
                List.copyOf(args),
                List.of(),
                true,
                Path.of(System.getProperty("java.home"), "bin", "java"),
                System.getProperty("java.class.path"),
                isNested(main));
    }

    private static boolean isNested(Class<?> main) {
        ClassLoader system = ClassLoader.getSystemClassLoader();
        return !system.equals(main.getClassLoader())
                && system.getResource(NESTED_LAUNCHER.replace('.', '/') + ".class") != null;
    }

    JvmLine args(List<String> more) {
        return new JvmLine(main, concat(args, more), jvmArgs, inherit, java, classPath, nested);
    }

    JvmLine jvmArgs(List<String> more) {
        return new JvmLine(main, args, concat(jvmArgs, more), inherit, java, classPath, nested);
    }

    JvmLine inherit(boolean flags) {
        return new JvmLine(main, args, jvmArgs, flags, java, classPath, nested);
    }

    JvmLine java(Path launcher) {
        return new JvmLine(main, args, jvmArgs, inherit, launcher, classPath, nested);
    }

    JvmLine classPath(String path) {
        return new JvmLine(main, args, jvmArgs, inherit, java, path, false);
    }

    private static List<String> concat(List<String> first, List<String> more) {
        return Stream.concat(first.stream(), more.stream()).toList();
    }

    List<String> line() {
        List<String> line = new ArrayList<>();
        line.add(java.toString());
        if (inherit) {
            line.addAll(JvmFlags.shareable(ManagementFactory.getRuntimeMXBean().getInputArguments()));
        }
        line.addAll(jvmArgs);
        if (nested) {
            line.add("-Dloader.main=" + RUNNER);
        }
        line.addAll(List.of("-cp", absolute(classPath), nested ? NESTED_LAUNCHER : RUNNER, main));
        line.addAll(args);
        return line;
    }

    /** The child may run in another directory. */
    private static String absolute(String classPath) {
        return Stream.of(classPath.split(File.pathSeparator, -1))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }
}
