// SPDX-License-Identifier: Apache-2.0
package io.spindle.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/**
 * Compares threads, children, sockets, pipes and temporary files before and after a test class: what a class started
 * must be gone within ten seconds of its end. Threads that the JVM, Reactor or Netty keep for ever do not count.
 *
 * <p>Of the first test that fails in a JVM it also prints where each thread was: what hung is seen then, and later no more.
 */
public final class LeakCheck implements BeforeAllCallback, AfterTestExecutionCallback, AfterAllCallback {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final Pattern PERMANENT = Pattern.compile(
            "boundedElastic-.*|parallel-.*|single-\\d+|process reaper.*|globalEventExecutor.*|ForkJoinPool.*"
                    + "|Common-Cleaner|Cleaner-.*|Attach Listener|junit-.*|surefire-.*|ping-.*|reactor-http-.*"
                    + "|reactor-tcp-.*|ObjectCleanerThread|CompletableFutureDelayScheduler|Thread-\\d+"
                    + "|idle-connection-.*|HttpClient-.*|loop-shared|Keep-Alive-Timer|VirtualThread-.*"
                    + "|C[12] CompilerThread.*|Notification Thread|Signal Dispatcher|Finalizer"
                    + "|Reference Handler|main|Netty.*|netty-.*|spindle-default-.*|SIG.* handler|FileSystemWatch.*|JFR .*");

    private static final Pattern TEMPORARY = Pattern.compile("spindle(?:-(\\d{1,10})-)?.*");

    private static final Pattern ATTACH_SOCKET = Pattern.compile("(\\d+) \\S*\\.java_pid");

    private static final AtomicBoolean FAILED = new AtomicBoolean();

    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(LeakCheck.class);

    /** What this JVM has open. */
    private record Open(Set<String> threads, Set<String> children, Set<String> descriptors, Set<String> temporaries) {

        static Open now() {
            return new Open(findThreads(), findChildren(), findDescriptors(), findTemporaries(name -> true));
        }

        static Set<String> findThreads() {
            return Thread.getAllStackTraces().keySet().stream()
                    .filter(Thread::isAlive)
                    .map(thread -> thread.getName())
                    .filter(name -> !PERMANENT.matcher(name).matches())
                    .collect(Collectors.toCollection(TreeSet::new));
        }

        static Set<String> findChildren() {
            return ProcessHandle.current()
                    .descendants()
                    .map(child -> child.pid() + " " + child.info().command().orElse("?"))
                    .collect(Collectors.toCollection(TreeSet::new));
        }

        static Set<String> findDescriptors() {
            Path fds = Path.of("/proc/self/fd");
            if (!Files.isDirectory(fds)) {
                return Set.of();
            }
            try (Stream<Path> entries = Files.list(fds)) {
                Set<String> ofTheJvm = socketsOfTheJvm();
                return entries.map(Open::target)
                        .filter(target -> target.startsWith("socket:") || target.startsWith("pipe:"))
                        .filter(target -> !ofTheJvm.contains(target))
                        .collect(Collectors.toCollection(TreeSet::new));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** The socket on which the JVM listens for tools that attach: opened once, whenever the first one asks. */
        private static Set<String> socketsOfTheJvm() throws IOException {
            Path table = Path.of("/proc/net/unix");
            if (!Files.isReadable(table)) {
                return Set.of();
            }
            try (Stream<String> lines = Files.lines(table)) {
                return lines.map(ATTACH_SOCKET::matcher)
                        .filter(Matcher::find)
                        .map(found -> "socket:[" + found.group(1) + "]")
                        .collect(Collectors.toSet());
            }
        }

        private static String target(Path fd) {
            try {
                return Files.readSymbolicLink(fd).toString();
            } catch (IOException e) {
                return ""; // closed while we looked
            }
        }

        static Set<String> findTemporaries(Predicate<String> counted) {
            try (Stream<Path> entries = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
                return entries.map(entry -> entry.getFileName().toString())
                        .filter(name -> TEMPORARY.matcher(name).matches())
                        .filter(counted)
                        .collect(Collectors.toCollection(TreeSet::new));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /**
         * The directory of a process that lives and is no child of this JVM belongs to another run beside this one. That
         * is known of a new one only: the number of one who died long ago may be anybody's today, and tomorrow nobody's.
         */
        static boolean isOurs(String name) {
            Matcher temporary = TEMPORARY.matcher(name);
            String owner = temporary.matches() ? temporary.group(1) : null;
            return owner == null
                    || ProcessHandle.of(Long.parseLong(owner))
                            .map(process -> isOfThisJvm(process))
                            .orElse(true);
        }

        private static boolean isOfThisJvm(ProcessHandle process) {
            ProcessHandle here = ProcessHandle.current();
            return process.equals(here) || here.descendants().anyMatch(process::equals);
        }
    }

    /** For extension by annotation. */
    public LeakCheck() {}

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        SocketChannel.open().close(); // the JDK keeps a socket from the first closing on
        new Socket().close(); // and reads a file at its first use, which BlockHound would see on a loop
        startGuard();
        context.getStore(NAMESPACE).put("before", Open.now());
    }

    /** The guard of child processes, where there is one, keeps a pipe from the first child on. */
    private static void startGuard() {
        try {
            Method start = Class.forName("io.spindle.process.Guard").getDeclaredMethod("start");
            start.setAccessible(true);
            start.invoke(null);
        } catch (ClassNotFoundException e) {
            return; // this module has no processes
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("cannot start the guard of child processes", e);
        }
    }

    @Override
    public void afterTestExecution(ExtensionContext context) {
        boolean failed = context.getExecutionException()
                .filter(error -> !(error instanceof TestAbortedException))
                .isPresent();
        if (failed && FAILED.compareAndSet(false, true)) {
            System.err.println("the threads when " + context.getDisplayName() + " failed:");
            Thread.getAllStackTraces().forEach(LeakCheck::print);
        }
    }

    private static void print(Thread thread, StackTraceElement[] stack) {
        System.err.println("\"" + thread.getName() + "\" " + thread.getState());
        for (StackTraceElement each : stack) {
            System.err.println("\tat " + each);
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        Open before = context.getStore(NAMESPACE).get("before", Open.class);
        assertThat(before).as("what was open before the test class").isNotNull();
        gone("threads", before.threads(), Open::findThreads);
        gone("child processes", before.children(), Open::findChildren);
        gone("sockets and pipes", before.descriptors(), Open::findDescriptors);
        gone("temporary files", before.temporaries(), () -> Open.findTemporaries(Open::isOurs));
    }

    private static void gone(String what, Set<String> before, Supplier<Set<String>> look) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        List<String> left = added(before, look.get());
        while (!left.isEmpty() && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            left = added(before, look.get());
        }
        assertThat(left.stream().map(LeakCheck::explained).toList())
                .as(what + " left behind by the test class")
                .isEmpty();
    }

    /** A socket with its line in the kernel's tables: addresses and state. */
    private static String explained(String left) {
        if (!left.startsWith("socket:")) {
            return left;
        }
        String inode = left.substring("socket:[".length(), left.length() - 1);
        for (String table : List.of("tcp", "tcp6", "udp", "udp6", "unix")) {
            try (Stream<String> lines = Files.lines(Path.of("/proc/net", table))) {
                Optional<String> line = lines.filter(each -> (each.strip() + " ").contains(" " + inode + " "))
                        .findFirst();
                if (line.isPresent()) {
                    return left + " " + table + " " + line.get().strip();
                }
            } catch (IOException e) {
                return left; // no such table here
            }
        }
        return left;
    }

    private static List<String> added(Set<String> before, Set<String> now) {
        return now.stream().filter(each -> !before.contains(each)).toList();
    }
}
