// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;

/**
 * An immutable description of a cluster: how many workers, how they are started, watched and stopped. Each method
 * returns a new description.
 *
 * <p>Without {@link #main} a worker is this program once more: the same JVM, flags, class path or jar, main class and
 * arguments. Flags that cannot be shared are left out: debuggers, JMX ports, and files for logs, recordings and archives
 * unless their name holds {@code %p}. Unless the program's own flags say otherwise a worker gets its share of the
 * machine:
 * <pre>
 *   -XX:+UseSerialGC                      if no collector was chosen
 *   -XX:MaxRAMPercentage=75/workers       if no heap size was chosen
 *   -XX:ActiveProcessorCount=cpus/workers if not chosen, at least 1
 *   --enable-native-access=ALL-UNNAMED    on Java 24 and later, if not chosen
 * </pre>
 *
 * @since 0.1.0
 */
public final class PrimarySpec {

    private static final Duration DEFAULT_GRACE = Duration.ofSeconds(10);

    /** The main class of the workers and its arguments, if it is not that of this program. */
    record Main(String className, List<String> arguments) {}

    private final int workers;
    private final RestartPolicy restart;
    private final Duration grace;
    private final List<String> jvmArgs;
    private final Map<String, String> env;
    private final Optional<Main> main;
    private final Consumer<ClusterEvent> onEvent;

    private PrimarySpec(
            int workers,
            RestartPolicy restart,
            Duration grace,
            List<String> jvmArgs,
            Map<String, String> env,
            Optional<Main> main,
            Consumer<ClusterEvent> onEvent) {
        this.workers = workers;
        this.restart = restart;
        this.grace = grace;
        this.jvmArgs = jvmArgs;
        this.env = env;
        this.main = main;
        this.onEvent = onEvent;
    }

    /** Describes a cluster with the defaults: a worker for each processor. */
    public static PrimarySpec create() {
        return new PrimarySpec(
                Runtime.getRuntime().availableProcessors(),
                RestartPolicy.defaults(),
                DEFAULT_GRACE,
                List.of(),
                Map.of(),
                Optional.empty(),
                event -> {});
    }

    /**
     * Sets how many workers there are at first, see {@link Primary#scale}.
     *
     * @param workers at least 1. Default: the number of processors
     */
    public PrimarySpec workers(int workers) {
        return new PrimarySpec(checkWorkers(workers), restart, grace, jvmArgs, env, main, onEvent);
    }

    static int checkWorkers(int workers) {
        if (workers < 1) {
            throw new IllegalArgumentException("workers must be at least 1, was " + workers);
        }
        return workers;
    }

    /** Returns how many workers there are. */
    public int workers() {
        return workers;
    }

    /**
     * Sets when dead workers are replaced.
     *
     * @param restart Default: {@link RestartPolicy#defaults()}
     */
    public PrimarySpec restart(RestartPolicy restart) {
        Objects.requireNonNull(restart, "restart");
        return new PrimarySpec(workers, restart, grace, jvmArgs, env, main, onEvent);
    }

    /** Returns when dead workers are replaced. */
    public RestartPolicy restart() {
        return restart;
    }

    /**
     * Sets how long a worker that was told to end may finish what runs, before it is killed.
     *
     * @param grace not negative; zero kills at once. Default: 10 seconds
     */
    public PrimarySpec grace(Duration grace) {
        if (grace.isNegative()) {
            throw new IllegalArgumentException("grace must not be negative, was " + grace);
        }
        return new PrimarySpec(workers, restart, grace, jvmArgs, env, main, onEvent);
    }

    /** Returns how long a worker may finish what runs. */
    public Duration grace() {
        return grace;
    }

    /**
     * Adds JVM flags for the workers, after those of this program.
     *
     * @param more flags, one each
     */
    public PrimarySpec jvmArgs(String... more) {
        List<String> all = new ArrayList<>(jvmArgs);
        all.addAll(List.of(more));
        return new PrimarySpec(workers, restart, grace, List.copyOf(all), env, main, onEvent);
    }

    /** Returns the additional JVM flags of the workers. */
    public List<String> jvmArgs() {
        return jvmArgs;
    }

    /**
     * Sets an environment variable of the workers, which otherwise inherit this program's.
     *
     * @param name not empty
     * @param value the value
     */
    public PrimarySpec env(String name, String value) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("name must not be empty");
        }
        Map<String, String> all = new LinkedHashMap<>(env);
        all.put(name, Objects.requireNonNull(value, "value"));
        return new PrimarySpec(workers, restart, grace, jvmArgs, Map.copyOf(all), main, onEvent);
    }

    /** Returns the environment variables that were set for the workers. */
    public Map<String, String> env() {
        return env;
    }

    /**
     * Sets the main class of the workers, run on this program's class path, instead of this program's own: for a
     * primary inside another program, such as a test. It calls {@link Cluster#run} like any other.
     *
     * @param main has a {@code main} method
     * @param arguments its arguments
     */
    public PrimarySpec main(Class<?> main, String... arguments) {
        return new PrimarySpec(
                workers,
                restart,
                grace,
                jvmArgs,
                env,
                Optional.of(new Main(main.getName(), List.of(arguments))),
                onEvent);
    }

    Optional<Main> main() {
        return main;
    }

    /**
     * Adds somebody who hears of all events from the very first on, messages included.
     *
     * @param handler called on the loop that supervises, so it must not block for long; what it throws is logged
     */
    public PrimarySpec onEvent(Consumer<? super ClusterEvent> handler) {
        Objects.requireNonNull(handler, "handler");
        return new PrimarySpec(workers, restart, grace, jvmArgs, env, main, onEvent.andThen(handler));
    }

    Consumer<ClusterEvent> onEvent() {
        return onEvent;
    }

    /**
     * Starts the cluster without blocking. Signals of the operating system stay with the caller; when this JVM ends, the
     * workers end too.
     *
     * <p><b>Signals on</b> the cluster's loop. <b>Errors</b> with {@link UnsupportedOperationException} where
     * descriptors cannot be passed (Linux with epoll is required), with {@link java.io.IOException} if the private
     * directory cannot be made. <b>Cancel</b> before the value disposes what was started.
     *
     * @return a cold {@code Mono} of the running cluster; its workers are being forked
     */
    public Mono<Primary> start() {
        return DefaultPrimary.start(this);
    }
}
