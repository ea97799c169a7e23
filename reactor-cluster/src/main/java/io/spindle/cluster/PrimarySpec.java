// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.process.Signal;
import io.spindle.process.ipc.Message;
import io.spindle.process.ipc.Reply;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.IntFunction;
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
 *   -XX:MaxRAMPercentage=75/workers       if no heap size was chosen; those in standby count
 *   -XX:ActiveProcessorCount=cpus/workers if not chosen, at least 1
 *   --enable-native-access=ALL-UNNAMED    on Java 24 and later, if not chosen
 * </pre>
 *
 * @since 0.1.0
 */
public final class PrimarySpec {

    private static final Duration DEFAULT_GRACE = Duration.ofSeconds(10);
    private static final Duration DEFAULT_START_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration DEFAULT_HEARTBEAT = Duration.ofSeconds(30);
    private static final Duration DEFAULT_WATCH = Duration.ofSeconds(5);
    private static final Set<Signal> FREE_SIGNALS = Set.of(Signal.HUP, Signal.USR2);

    /** The main class of the workers and its arguments, if it is not that of this program. */
    record Main(String className, List<String> arguments) {}

    private final Draft settings;

    private PrimarySpec(Draft settings) {
        this.settings = settings;
    }

    /** All settings; changed only before it becomes part of a description. */
    private static final class Draft implements Cloneable {

        private int workers = Runtime.getRuntime().availableProcessors();
        private int standby;
        private RestartPolicy restart = RestartPolicy.defaults();
        private Duration grace = DEFAULT_GRACE;
        private Duration startTimeout = DEFAULT_START_TIMEOUT;
        private Duration watch = DEFAULT_WATCH;
        private Duration heartbeat = DEFAULT_HEARTBEAT;
        private Recycling recycling = Recycling.none();
        private Listening listening = Listening.shared();
        private Set<Signal> reloadOn = Set.of();
        private List<String> jvmArgs = List.of();
        private Map<String, String> env = Map.of();
        private IntFunction<WorkerSettings> settings = slot -> WorkerSettings.none();
        private Optional<Main> main = Optional.empty();
        private Optional<Path> controlSocket = Optional.empty();
        private Consumer<ClusterEvent> onEvent = event -> {};
        private Map<String, BiFunction<? super Primary, ? super Message, Mono<Reply>>> requests = Map.of();

        @Override
        protected Draft clone() {
            try {
                return (Draft) super.clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private PrimarySpec with(Consumer<Draft> change) {
        Draft changed = settings.clone();
        change.accept(changed);
        if (changed.standby > 0 && changed.listening.mode() == Listening.Mode.REUSE_PORT) {
            throw new IllegalArgumentException(
                    "standby must be 0 where each worker has a socket of its own (Listening.reusePort), was "
                            + changed.standby);
        }
        return new PrimarySpec(changed);
    }

    /** Describes a cluster with the defaults: a worker for each processor. */
    public static PrimarySpec create() {
        return new PrimarySpec(new Draft());
    }

    /**
     * Sets how many workers there are at first, see {@link Primary#scale}.
     *
     * @param workers at least 1. Default: the number of processors
     */
    public PrimarySpec workers(int workers) {
        checkWorkers(workers);
        return with(draft -> draft.workers = workers);
    }

    static void checkWorkers(int workers) {
        if (workers < 1) {
            throw new IllegalArgumentException("workers must be at least 1, was " + workers);
        }
    }

    private static void checkNotNegative(String name, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative, was " + value);
        }
    }

    /** Returns how many workers there are. */
    public int workers() {
        return settings.workers;
    }

    /**
     * Sets how many workers wait beside those that serve, in hot standby: their program runs, their servers are bound and they
     * have passed {@link WorkerContext#readyAfter}, but they accept nothing. When a worker dies one of them is promoted, which is
     * one message instead of the start of a JVM, and another is started in its place. They are started when the others are
     * ready, count for nothing in {@link Primary#wanted()} and stay what they are when the cluster is scaled; a reload replaces
     * them too. A worker that leaves by will is not replaced, so nobody is promoted.
     *
     * <p>A standby worker costs memory, and it is a whole program: what it does beside serving, such as schedules, it does at
     * once, unless that waits for {@link WorkerContext#onReady()}.
     *
     * @param standby not negative; 0 with {@link Listening#reusePort()}, where a server that is bound gets connections.
     *     Default: 0
     */
    public PrimarySpec standby(int standby) {
        if (standby < 0) {
            throw new IllegalArgumentException("standby must not be negative, was " + standby);
        }
        return with(draft -> draft.standby = standby);
    }

    /** Returns how many workers wait in hot standby. */
    public int standby() {
        return settings.standby;
    }

    /**
     * Sets when dead workers are replaced.
     *
     * @param restart Default: {@link RestartPolicy#defaults()}
     */
    public PrimarySpec restart(RestartPolicy restart) {
        Objects.requireNonNull(restart, "restart");
        return with(draft -> draft.restart = restart);
    }

    /** Returns when dead workers are replaced. */
    public RestartPolicy restart() {
        return settings.restart;
    }

    /**
     * Sets how the workers come to their connections.
     *
     * @param listening Default: {@link Listening#shared()}
     */
    public PrimarySpec listening(Listening listening) {
        Objects.requireNonNull(listening, "listening");
        return with(draft -> draft.listening = listening);
    }

    /** Returns how the workers come to their connections. */
    public Listening listening() {
        return settings.listening;
    }

    /**
     * Sets how long a worker that was told to end may finish what runs, before it is killed.
     *
     * @param grace not negative; zero kills at once. Default: 10 seconds
     */
    public PrimarySpec grace(Duration grace) {
        checkNotNegative("grace", grace);
        return with(draft -> draft.grace = grace);
    }

    /** Returns how long a worker may finish what runs. */
    public Duration grace() {
        return settings.grace;
    }

    /**
     * Sets how long a worker may take from its fork until it is ready, see {@link WorkerContext#readyAfter}. One that
     * takes longer is killed, which is a failed start.
     *
     * @param startTimeout positive. Default: 2 minutes
     */
    public PrimarySpec startTimeout(Duration startTimeout) {
        if (startTimeout.isNegative() || startTimeout.isZero()) {
            throw new IllegalArgumentException("startTimeout must be positive, was " + startTimeout);
        }
        return with(draft -> draft.startTimeout = startTimeout);
    }

    /** Returns how long a worker may take until it is ready. */
    public Duration startTimeout() {
        return settings.startTimeout;
    }

    /**
     * Sets how long the new workers of a {@link Primary#reload()} are watched, while the old ones wait to come back.
     *
     * @param watch not negative. Default: 5 seconds
     */
    public PrimarySpec watch(Duration watch) {
        checkNotNegative("watch", watch);
        return with(draft -> draft.watch = watch);
    }

    /** Returns how long the new workers of a reload are watched. */
    public Duration watch() {
        return settings.watch;
    }

    /**
     * Sets how long a worker that is ready may fail to answer. It answers when each of its server loops has run a task, so
     * one blocked loop counts. A worker that hangs prints the stacks of its threads, unless it is stopped, is killed a second
     * later and replaced. It is asked three times in this time, and once more before the verdict.
     *
     * @param heartbeat not negative; zero asks never, and nothing is recycled. Default: 30 seconds
     */
    public PrimarySpec heartbeat(Duration heartbeat) {
        checkNotNegative("heartbeat", heartbeat);
        return with(draft -> draft.heartbeat = heartbeat);
    }

    /** Returns how long a worker may fail to answer. */
    public Duration heartbeat() {
        return settings.heartbeat;
    }

    /**
     * Sets when workers that are well are replaced.
     *
     * @param recycling Default: {@link Recycling#none()}
     */
    public PrimarySpec recycling(Recycling recycling) {
        Objects.requireNonNull(recycling, "recycling");
        return with(draft -> draft.recycling = recycling);
    }

    /** Returns when workers that are well are replaced. */
    public Recycling recycling() {
        return settings.recycling;
    }

    /**
     * Sets which signals reload a program that runs by {@link Cluster#run}; the outcome is logged. The others of a
     * JVM are taken.
     *
     * @param signals {@link Signal#HUP}, {@link Signal#USR2} or both. Default: none, then each ends the program
     */
    public PrimarySpec reloadOn(Signal... signals) {
        Set<Signal> all = Set.of(signals);
        if (!FREE_SIGNALS.containsAll(all)) {
            throw new IllegalArgumentException("signals must be HUP or USR2, was " + all);
        }
        return with(draft -> draft.reloadOn = all);
    }

    /** Returns which signals reload the cluster. */
    public Set<Signal> reloadOn() {
        return settings.reloadOn;
    }

    /**
     * Adds JVM flags for the workers, after those of this program.
     *
     * @param more flags, one each
     */
    public PrimarySpec jvmArgs(String... more) {
        List<String> all = new ArrayList<>(settings.jvmArgs);
        all.addAll(List.of(more));
        return with(draft -> draft.jvmArgs = List.copyOf(all));
    }

    /** Returns the additional JVM flags of the workers. */
    public List<String> jvmArgs() {
        return settings.jvmArgs;
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
        Map<String, String> all = new LinkedHashMap<>(settings.env);
        all.put(name, Objects.requireNonNull(value, "value"));
        return with(draft -> draft.env = Map.copyOf(all));
    }

    /** Returns the environment variables that were set for the workers. */
    public Map<String, String> env() {
        return settings.env;
    }

    /**
     * Sets what workers have of their own, by their place in the cluster: environment, JVM flags, where their output goes. It
     * comes after what is set for all.
     *
     * @param settings asked before each fork, with {@link ClusterWorker#slot()}, on a thread that may block; what it throws is
     *     a failed start. Default: {@link WorkerSettings#none()} for each
     */
    public PrimarySpec settings(IntFunction<WorkerSettings> settings) {
        Objects.requireNonNull(settings, "settings");
        return with(draft -> draft.settings = settings);
    }

    WorkerSettings settingsOf(int slot) {
        return Objects.requireNonNull(settings.settings.apply(slot), () -> "the settings of slot " + slot);
    }

    /**
     * Sets the main class of the workers, run on this program's class path, instead of this program's own: for a
     * primary inside another program, such as a test. It calls {@link Cluster#run} like any other.
     *
     * @param main has a {@code main} method
     * @param arguments its arguments
     */
    public PrimarySpec main(Class<?> main, String... arguments) {
        Main program = new Main(main.getName(), List.of(arguments));
        return with(draft -> draft.main = Optional.of(program));
    }

    Optional<Main> main() {
        return settings.main;
    }

    /**
     * Adds somebody who hears of all events from the very first on, messages included.
     *
     * @param handler called on the loop that supervises, so it must not block for long; what it throws is logged
     */
    public PrimarySpec onEvent(Consumer<? super ClusterEvent> handler) {
        Objects.requireNonNull(handler, "handler");
        return with(draft -> draft.onEvent = settings.onEvent.andThen(handler));
    }

    Consumer<ClusterEvent> onEvent() {
        return settings.onEvent;
    }

    /**
     * Sets who answers the requests of workers for a subject, see {@link WorkerContext#request}; a later call for the same
     * subject replaces it.
     *
     * @param subject at most 255 bytes in UTF-8; what begins with {@code spindle.} is taken
     * @param handler called on the loop that supervises, so it must not block; as for
     *     {@link io.spindle.process.ipc.Channel#onRequest}
     */
    public PrimarySpec onRequest(String subject, BiFunction<? super Primary, ? super Message, Mono<Reply>> handler) {
        Control.checkFree(subject);
        Objects.requireNonNull(handler, "handler");
        Map<String, BiFunction<? super Primary, ? super Message, Mono<Reply>>> all =
                new LinkedHashMap<>(settings.requests);
        all.put(subject, handler);
        return with(draft -> draft.requests = Map.copyOf(all));
    }

    Map<String, BiFunction<? super Primary, ? super Message, Mono<Reply>>> requests() {
        return settings.requests;
    }

    /**
     * Sets where the control socket is: a Unix-domain socket by which this user, and root, may ask how the cluster is and what its
     * workers print, reload, scale and stop it, with the command {@code spindle} or by hand. It takes one request for a
     * connection, a line such as {@code status}, {@code logs}, {@code reload}, {@code scale 3} or {@code stop}, and answers by a
     * line of JSON when it is done, {@code logs} by further ones. The primary logs where it is, and removes it at its end.
     *
     * <p>A path that a killed primary has left is taken over. {@link #start()} errors with {@link ClusterException} if another
     * primary has it, or if its directory may be entered by others; a directory that is missing is made. Whether another
     * has it is said by a lock on a file beside it, which ends in {@code .lock}, is empty and stays.
     *
     * @param path below 100 bytes, relative to the working directory; its directory has the mode 0700. Default:
     *     {@code control} in the private directory of the primary, which has a name of its own in {@code java.io.tmpdir} and is
     *     where {@code spindle} looks; one that is elsewhere it is told by {@code --socket}
     */
    public PrimarySpec controlSocket(Path path) {
        Path absolute = AdminPath.check(path);
        return with(draft -> draft.controlSocket = Optional.of(absolute));
    }

    Optional<Path> controlSocket() {
        return settings.controlSocket;
    }

    /**
     * Starts the cluster without blocking. Signals of the operating system stay with the caller; when this JVM ends, the
     * workers end too.
     *
     * <p><b>Signals on</b> the cluster's loop. <b>Errors</b> with {@link UnsupportedOperationException} where
     * descriptors cannot be passed (Linux with epoll is required), with {@link java.io.IOException} if the private
     * directory cannot be made, with {@link ClusterException} if the control socket cannot. <b>Cancel</b> before the value
     * disposes what was started; in the very moment of a cancel most of Reactor's subscribers drop a value, so who may
     * cancel then takes the primary in {@code doOnNext}.
     *
     * @return a cold {@code Mono} of the running cluster; its workers are being forked
     */
    public Mono<Primary> start() {
        return PrimaryStart.of(this, Map.of());
    }
}
