// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A program that measures something and prints its numbers, apart by spaces, as the last line of its output.
 *
 * @param command the program and its arguments; {@code --quick} is added for a smoke run
 * @param needs what else it takes
 */
record Contender(List<String> command, Need needs) {

    /** What a contender takes beside its program: a reason not to run it, or null. */
    enum Need {
        NOTHING {
            @Override
            String missing(List<String> command) {
                return null;
            }
        },
        VIRTUAL_THREADS {
            @Override
            String missing(List<String> command) {
                return Runtime.version().feature() >= 21 ? null : "virtual threads need Java 21";
            }
        },
        /** The load generator; {@code benchmarks/run} installs it. */
        WRK {
            @Override
            String missing(List<String> command) {
                return isOnPath("wrk") ? null : "wrk is not installed";
            }
        },
        /** The package that is the last word of the command; {@code benchmarks/run} installs it. */
        PACKAGE {
            @Override
            String missing(List<String> command) {
                String name = command.get(command.size() - 1);
                return Files.isDirectory(Path.of("benchmarks/target/peers/node_modules", name))
                        ? null
                        : "npm could not install " + name;
            }
        };

        abstract String missing(List<String> command);
    }

    /** The Java version from which on programs are told that they may call native code, which would warn else. */
    static final int NATIVE_ACCESS = 24;

    private static final long LIMIT_SECONDS = 180;

    /** A class of this jar, in a JVM of its own with the heap that the published figures were taken with. */
    static Contender java(Class<?> program, String... args) {
        return java(List.of(), program, args);
    }

    /** The same, with options of the JVM. They and what this JVM was told of Spindle go to the program's. */
    static Contender java(List<String> options, Class<?> program, String... args) {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xms1g", "-Xmx1g"));
        command.addAll(options);
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("spindle."))
                .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        if (Runtime.version().feature() >= NATIVE_ACCESS) {
            command.add("--enable-native-access=ALL-UNNAMED");
            command.add("--sun-misc-unsafe-memory-access=allow");
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        command.addAll(List.of(args));
        return new Contender(command, Need.NOTHING);
    }

    /** A script in {@code benchmarks/peers}, on Node. */
    static Contender node(String script, String... args) {
        List<String> command = new ArrayList<>(List.of("node", "benchmarks/peers/" + script));
        command.addAll(List.of(args));
        return new Contender(command, Need.NOTHING);
    }

    /** The same with a condition. */
    Contender needing(Need need) {
        return new Contender(command, need);
    }

    /** Why this contender cannot run here, or null if it can. */
    String missing() {
        String program = command.get(0);
        if (program.contains("/")) {
            return needs.missing(command);
        }
        return isOnPath(program) ? needs.missing(command) : program + " is not installed";
    }

    private static boolean isOnPath(String program) {
        for (String directory : System.getenv("PATH").split(":")) {
            if (Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }

    double[] measure(boolean quick) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(command);
        if (quick) {
            line.add("--quick");
        }
        Process process = new ProcessBuilder(line)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        process.getOutputStream().close();
        Thread killer = new Thread(() -> {
            try {
                if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        killer.setDaemon(true);
        killer.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        int exit = process.waitFor();
        killer.interrupt();
        String last = output.substring(output.lastIndexOf('\n') + 1);
        if (exit != 0) {
            throw new IOException(String.join(" ", line) + " exited with " + exit + ": " + output);
        }
        try {
            return Stream.of(last.split(" ")).mapToDouble(Double::parseDouble).toArray();
        } catch (NumberFormatException e) {
            throw new IOException(String.join(" ", line) + " printed no numbers: " + output);
        }
    }
}
