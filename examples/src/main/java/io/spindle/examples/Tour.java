// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import io.spindle.loop.EventLoop;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;

/** Runs all five programs in turn, and asks the cluster until each worker has answered. */
@Command(
        name = "tour",
        description = "Runs all of these in turn, with a sentence about each.",
        mixinStandardHelpOptions = true)
final class Tour implements Callable<Integer> {

    private static final int WORKERS = 2;
    private static final int MAX_REQUESTS = 2_000;
    private static final int AT_A_TIME = 16;
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final Pattern STARTED = Pattern.compile("worker process with ID:(\\d+) started, .* port (\\d+)");

    /** What the cluster says of a worker that listens. */
    private record Started(String pid, int port) {

        static Optional<Started> of(String line) {
            Matcher matcher = STARTED.matcher(line);
            return matcher.matches()
                    ? Optional.of(new Started(matcher.group(1), Integer.parseInt(matcher.group(2))))
                    : Optional.empty();
        }
    }

    @Override
    public Integer call() throws Exception {
        int failed = 0;
        failed |= stop(
                "1. read-file: the loop goes on while the pool reads; the result comes home to the loop.", "read-file");
        failed |= stop(
                "2. worker-fibonacci: a worker thread computes, the loop keeps ticking.",
                "worker-fibonacci",
                "--ticks",
                "40");
        failed |= stop("3. exec-ls: a child process is a stream of what it writes.", "exec-ls");
        failed |= stop("4. thread-pool: what blocks or computes overlaps in the pool under the loop.", "thread-pool");
        System.out.println();
        System.out.println("5. cluster-hello: forked JVMs share one port; each is asked until it has answered.");
        failed |= cluster();
        System.out.println();
        System.out.println(failed == 0 ? "That was the tour." : "The tour failed.");
        return failed;
    }

    private static int stop(String sentence, String... command) {
        System.out.println();
        System.out.println(sentence);
        return Main.commandLine().execute(command) == 0 ? 0 : 1;
    }

    /** Starts the cluster as a child, on a free port; when all workers have answered, asks the primary to stop. */
    private static int cluster() throws InterruptedException {
        List<Started> started = new CopyOnWriteArrayList<>();
        int code = EventLoop.run(loop -> io.spindle.process.Command.of(clusterHello())
                .lines()
                .timeout(LIMIT, loop)
                .subscribe(
                        line -> {
                            System.out.println(line);
                            Started.of(line).ifPresent(worker -> {
                                started.add(worker);
                                if (started.size() == WORKERS) {
                                    askAll(loop, started);
                                }
                            });
                        },
                        error -> failed(loop, error)));
        return code == 0 ? checkEnded(started) : code;
    }

    private static void askAll(EventLoop loop, List<Started> workers) {
        ask(loop, workers)
                .subscribe(
                        requests -> {
                            System.out.println(
                                    "all " + WORKERS + " workers have answered, after " + requests + " requests");
                            ProcessHandle.of(Long.parseLong(workers.get(0).pid()))
                                    .flatMap(ProcessHandle::parent)
                                    .ifPresent(ProcessHandle::destroy); // SIGTERM: the cluster drains and ends
                        },
                        error -> failed(loop, error));
    }

    private static void failed(EventLoop loop, Throwable error) {
        System.err.println("tour: the cluster did not answer: " + error);
        loop.exit(1);
    }

    private static List<String> clusterHello() {
        List<String> line = new ArrayList<>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        line.addAll(List.of("cluster-hello", "--port", "0", "--workers", String.valueOf(WORKERS)));
        return line;
    }

    /** Asks over new connections, several at a time, and returns how many requests it took to hear from everybody. */
    private static Mono<Integer> ask(EventLoop loop, List<Started> workers) {
        HttpClient client = HttpClient.newConnection()
                .runOn(loop.resources())
                .baseUrl("http://127.0.0.1:" + workers.get(0).port());
        Set<String> missing = new HashSet<>();
        workers.forEach(worker -> missing.add(worker.pid()));
        AtomicInteger answers = new AtomicInteger();
        return Flux.range(1, MAX_REQUESTS)
                .flatMap(number -> request(client).doOnNext(pid -> answered(missing, pid)), AT_A_TIME)
                .map(pid -> answers.incrementAndGet())
                .filter(count -> missing.isEmpty())
                .next()
                .switchIfEmpty(Mono.error(() -> new IllegalStateException("no answer from workers " + missing)));
    }

    private static void answered(Set<String> missing, String pid) {
        if (missing.remove(pid)) {
            System.out.println("hello world from worker " + pid);
        }
    }

    private static Mono<String> request(HttpClient client) {
        return client.get()
                .uri("/")
                .responseSingle((response, body) -> body.asString()
                        .filter("hello world\n"::equals)
                        .mapNotNull(text -> response.responseHeaders().get(ClusterHello.PID_HEADER)));
    }

    private static int checkEnded(List<Started> workers) throws InterruptedException {
        for (Started worker : workers) {
            @Nullable
            ProcessHandle process =
                    ProcessHandle.of(Long.parseLong(worker.pid())).orElse(null);
            if (process != null && !ended(process)) {
                System.err.println("tour: worker " + worker.pid() + " is still there");
                return 1;
            }
        }
        System.out.println("and all of them have ended with it");
        return 0;
    }

    private static boolean ended(ProcessHandle process) throws InterruptedException {
        try {
            process.onExit().get(10, TimeUnit.SECONDS);
            return true;
        } catch (TimeoutException | ExecutionException e) {
            return !process.isAlive();
        }
    }
}
