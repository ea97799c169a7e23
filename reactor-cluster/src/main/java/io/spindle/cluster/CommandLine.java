// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.process.JvmFlags;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The command line of a worker, made from that of this program.
 *
 * <p>The flags come from the JVM itself, where argument files and {@code JDK_JAVA_OPTIONS} have been read already. Main
 * class and arguments come from {@code sun.java.command}, which joins them by spaces; how to part them again is seen by
 * comparing with the real command line, whose last words they are.
 */
final class CommandLine {

    private static final Pattern GARBAGE_COLLECTOR = Pattern.compile("-XX:[+]Use\\w*GC");
    private static final Pattern HEAP = Pattern.compile("-Xmx.*|-XX:(MaxHeapSize|MaxRAMPercentage|MaxRAM)=.*");
    private static final Pattern PROCESSORS = Pattern.compile("-XX:ActiveProcessorCount=.*");
    private static final Pattern NATIVE_ACCESS =
            Pattern.compile("--enable-native-access=.*|--illegal-native-access=.*");

    private static final int NATIVE_ACCESS_SINCE = 24;
    private static final double HEAP_SHARE_PERCENT = 75;

    private CommandLine() {}

    static List<String> worker(PrimarySpec spec, Self self) {
        List<String> line = new ArrayList<>();
        line.add(self.java());
        List<String> flags = JvmFlags.shareable(self.flags());
        line.addAll(shares(spec, self, flags));
        line.addAll(flags);
        line.addAll(spec.jvmArgs());
        line.addAll(spec.main()
                .map(main -> mainClass(self, main.className(), main.arguments()))
                .orElseGet(() -> sameProgram(self)));
        return List.copyOf(line);
    }

    private static List<String> shares(PrimarySpec spec, Self self, List<String> own) {
        List<String> flags = new ArrayList<>(own);
        flags.addAll(spec.jvmArgs());
        List<String> shares = new ArrayList<>();
        if (isMissing(GARBAGE_COLLECTOR, flags)) {
            shares.add("-XX:+UseSerialGC");
        }
        if (isMissing(HEAP, flags)) {
            shares.add("-XX:MaxRAMPercentage=" + HEAP_SHARE_PERCENT / (spec.workers() + spec.standby()));
        }
        if (isMissing(PROCESSORS, flags)) {
            shares.add("-XX:ActiveProcessorCount=" + Math.max(1, self.processors() / spec.workers()));
        }
        if (self.feature() >= NATIVE_ACCESS_SINCE && isMissing(NATIVE_ACCESS, flags)) {
            shares.add("--enable-native-access=ALL-UNNAMED");
        }
        return shares;
    }

    private static boolean isMissing(Pattern pattern, List<String> flags) {
        return flags.stream().noneMatch(flag -> pattern.matcher(flag).matches());
    }

    private static List<String> mainClass(Self self, String name, List<String> arguments) {
        List<String> line = new ArrayList<>(path(self));
        line.add(name);
        line.addAll(arguments);
        return line;
    }

    private static List<String> path(Self self) {
        List<String> path = new ArrayList<>();
        self.modulePath().ifPresent(modules -> path.addAll(List.of("--module-path", modules)));
        if (!self.classPath().isEmpty()) {
            path.addAll(List.of("-cp", self.classPath()));
        }
        return path;
    }

    private static List<String> sameProgram(Self self) {
        List<String> words = words(self);
        if (words.isEmpty()) {
            throw new IllegalStateException("cannot tell the main class of this program, so it cannot be started again"
                    + " as a worker: name one by PrimarySpec.main(Class, String...)");
        }
        List<String> line = new ArrayList<>();
        if (self.mainModule().isPresent()) {
            line.addAll(path(self));
            line.add("-m");
        } else if (words.get(0).equals(self.classPath()) && words.get(0).endsWith(".jar")) {
            line.add("-jar");
        } else {
            line.addAll(path(self));
        }
        line.addAll(words);
        return line;
    }

    /** Main class or jar, then the arguments. */
    private static List<String> words(Self self) {
        String joined = self.command();
        List<String> real = self.commandLine();
        for (int i = 1; i < real.size(); i++) {
            List<String> tail = real.subList(i, real.size());
            String text = String.join(" ", tail);
            if (joined.equals(text)) {
                return tail;
            }
            if (joined.endsWith(" " + text)) { // the rest stood in an argument file
                List<String> words = split(joined.substring(0, joined.length() - text.length() - 1));
                words.addAll(tail);
                return words;
            }
        }
        return split(joined);
    }

    private static List<String> split(String joined) {
        List<String> words = new ArrayList<>();
        for (String word : joined.split(" ", -1)) {
            if (!word.isEmpty()) {
                words.add(word);
            }
        }
        return words;
    }

    static String javaIn(String home) {
        return home + File.separator + "bin" + File.separator + "java";
    }
}
