// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.loop.EventLoop;
import io.spindle.process.ChildProcess;
import io.spindle.process.ExitStatus;
import io.spindle.process.Signal;
import io.spindle.process.ipc.Channel;
import io.spindle.process.ipc.Message;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** One process and its channel. Fields are written on the primary's loop only, and some are read everywhere. */
final class DefaultClusterWorker implements ClusterWorker {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final int id;
    private final int generation;
    private final Place place;
    private final Events events;
    private final EventLoop loop;
    private final PrimarySpec spec;
    private final ChildProcess process;
    private final long forkedNanos = System.nanoTime();
    private final Sinks.One<Channel> connected = Sinks.one();
    private final Sinks.One<ExitStatus> exited = Sinks.one();
    private final Disposable.Swap killTimer = Disposables.swap();
    private final Disposable.Swap heartbeat = Disposables.swap();
    private final double dice = RandomGenerator.getDefault().nextDouble();
    private final Disposable.Swap startTimer = Disposables.swap();
    private String complaint = ""; // loop only
    private boolean paused; // loop only
    private boolean held; // loop only: a standby that was not promoted yet, its servers wait anyway
    private volatile WorkerState state = WorkerState.FORKED;
    private volatile Optional<Boolean> exitedAfterDisconnect = Optional.empty();
    private volatile @Nullable Channel channel;
    private volatile Control.Pulse pulse = Control.Pulse.NONE; // the last one

    DefaultClusterWorker(
            int id,
            int generation,
            Place place,
            Events events,
            EventLoop loop,
            PrimarySpec spec,
            ChildProcess process) {
        this.id = id;
        this.generation = generation;
        this.place = place;
        this.events = events;
        this.loop = loop;
        this.spec = spec;
        this.process = process;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public int slot() {
        return place.slot();
    }

    @Override
    public int generation() {
        return generation;
    }

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public WorkerState state() {
        return state;
    }

    @Override
    public boolean isConnected() {
        Channel current = channel;
        return current != null && !current.isDisposed();
    }

    @Override
    public boolean isDead() {
        return state == WorkerState.DEAD;
    }

    @Override
    public Optional<Boolean> exitedAfterDisconnect() {
        return exitedAfterDisconnect;
    }

    @Override
    public Mono<Void> send(Object message) {
        return EventLoop.onCurrent(connected.asMono().flatMap(open -> open.send(message)));
    }

    @Override
    public Flux<Message> receive() {
        return events.messages().filter(event -> event.worker() == this).map(ClusterEvent.Message::message);
    }

    @Override
    public boolean kill(Signal signal) {
        return process.kill(signal);
    }

    @Override
    public Mono<Void> disconnect() {
        return EventLoop.onCurrent(Mono.defer(() -> {
            loop.schedule(() -> {
                place.retire();
                drain(DrainTimes.IDLE);
            });
            return exited.asMono().then();
        }));
    }

    /** What it sends, for {@link Events}. The end of its channel is told apart, so errors are no news here. */
    Flux<ClusterEvent.Message> messages() {
        Channel open = channel;
        assert open != null : "only workers that are online";
        return open.receive()
                .map(message -> new ClusterEvent.Message(this, message))
                .onErrorComplete();
    }

    /** How it was at its last heartbeat. */
    Control.Pulse pulse() {
        return pulse;
    }

    // From here on: loop only.

    Place place() {
        return place;
    }

    long aliveNanos() {
        return System.nanoTime() - forkedNanos;
    }

    boolean isWanted() {
        return !exitedAfterDisconnect.orElse(false);
    }

    void connected(Channel opened) {
        channel = opened;
        advance(WorkerState.ONLINE);
        connected.tryEmitValue(opened);
    }

    void advance(WorkerState next) {
        if (next.compareTo(state) > 0) {
            state = next;
        }
    }

    /** Gives it until then to be ready. */
    void limitStart() {
        Duration limit = spec.startTimeout();
        startTimer.update(Mono.delay(limit, loop).subscribe(late -> {
            if (isStarting()) {
                complain("was not ready within " + limit.toMillis() + " ms");
                kill(Signal.KILL);
            }
        }));
    }

    /** Whether it was started as a standby: then it is told when it may accept. */
    void held(boolean standby) {
        held = standby;
    }

    /** It could not serve yet. */
    boolean isStarting() {
        return state.compareTo(WorkerState.STANDBY) < 0;
    }

    /** It serves or could. */
    boolean isUp() {
        return state == WorkerState.READY || state == WorkerState.STANDBY;
    }

    /** It serves, which one in standby does not. */
    boolean isServing() {
        return isUp() && !place.isStandby();
    }

    /** It can be promoted. */
    boolean isWarm() {
        return state == WorkerState.STANDBY && !paused && isConnected();
    }

    /** It could serve. From now on it is watched, as when it is {@link #ready}. */
    void standsBy(Consumer<String> due) {
        startTimer.dispose();
        advance(WorkerState.STANDBY);
        watch(due);
    }

    /** It serves, or is told to. Asks it whether it hangs, and tells after each answer why it should be recycled, if it should. */
    void ready(Consumer<String> due) {
        if (isStarting()) {
            startTimer.dispose();
            watch(due);
        }
        advance(WorkerState.READY);
        if (held) {
            held = false;
            pause(false);
        }
    }

    private void watch(Consumer<String> due) {
        Channel open = channel;
        if (open != null && !spec.heartbeat().isZero()) {
            heartbeat.update(
                    Heartbeat.of(open, spec.heartbeat(), loop).subscribe(answer -> heard(answer, due), this::hangs));
        }
    }

    private void heard(Control.Pulse heard, Consumer<String> due) {
        pulse = heard;
        String reason = spec.recycling().due(aliveNanos(), heard, dice);
        if (!reason.isEmpty() && state == WorkerState.READY) {
            due.accept(reason);
        }
    }

    /** Asks it how it is now, if it can be asked, and completes then, or when it has not answered in time. */
    Mono<Void> refresh() {
        Channel open = channel;
        return open == null || open.isDisposed()
                ? Mono.empty()
                : Heartbeat.once(open)
                        .timeout(PrimaryTimes.GLANCE, loop)
                        .doOnNext(now -> pulse = now)
                        .onErrorComplete()
                        .then();
    }

    /** Its threads are worth to be seen; then it is replaced. */
    private void hangs(Throwable error) {
        if (isDead()) {
            return;
        }
        if (!(error instanceof TimeoutException)) {
            log.warn("[{}] is no longer asked whether it hangs", this, error);
            return;
        }
        complain("did not answer for " + spec.heartbeat().toMillis() + " ms");
        log.warn("[{}] {}: it prints its threads and is killed", this, complaint);
        paused = true;
        kill(Signal.QUIT);
        killTimer.update(Mono.delay(PrimaryTimes.DUMP, loop).subscribe(now -> kill(Signal.KILL)));
    }

    /** What is wrong with it, for whoever asks why it ended. */
    void complain(String reason) {
        complaint = reason;
    }

    String complaint() {
        return complaint;
    }

    /** Holds its servers, or lets them accept again. */
    void pause(boolean wanted) {
        paused = wanted;
        Channel open = channel;
        if (open != null && !held) {
            open.request(Control.PAUSE, wanted).subscribe(reply -> {}, gone -> {});
        }
    }

    /** It may be given connections. */
    boolean accepts() {
        return state == WorkerState.READY && !paused;
    }

    Mono<Void> exited() {
        return exited.asMono().then();
    }

    /** It leaves by will, its own or ours. Whether its place is filled again is for the place to say. */
    void leaving() {
        exitedAfterDisconnect = Optional.of(true);
        advance(WorkerState.DRAINING);
    }

    /** Leaves; a connection that waits for its next request may stay for so long. */
    void drain(Duration idle) {
        if (state.compareTo(WorkerState.DRAINING) >= 0) {
            return;
        }
        boolean wasOnline = isConnected();
        leaving();
        Duration grace = spec.grace();
        startTimer.dispose();
        if (wasOnline && !grace.isZero()) {
            Channel open = channel;
            assert open != null : "it is connected";
            open.request(Control.DRAIN, new Control.Drain(grace.toMillis(), idle.toMillis()))
                    .subscribe(reply -> {}, gone -> {});
            killTimer.update(Mono.delay(grace.plus(PrimaryTimes.EXIT), loop).subscribe(late -> kill(Signal.KILL)));
        } else {
            kill(Signal.KILL); // it has begun nothing that it could finish
        }
    }

    /** Completes when the process has ended and its channel too: what it wrote before its death has been read. */
    Mono<ExitStatus> gone() {
        return process.exit().flatMap(status -> {
            Channel open = channel;
            return open == null
                    ? Mono.just(status)
                    : open.onDispose()
                            .timeout(PrimaryTimes.LAST_WORDS, Mono.fromRunnable(open::dispose), loop)
                            .onErrorComplete()
                            .thenReturn(status);
        });
    }

    void dead(ExitStatus status) {
        killTimer.dispose();
        startTimer.dispose();
        heartbeat.dispose();
        if (exitedAfterDisconnect.isEmpty()) {
            exitedAfterDisconnect = Optional.of(false);
        }
        state = WorkerState.DEAD;
        connected.tryEmitError(new WorkerGoneException(id));
        exited.tryEmitValue(status);
    }

    @Override
    public String toString() {
        return "worker " + id + " (pid " + pid() + ")";
    }
}
