// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The turn: Node's phases and queues on the thread of a Netty event loop. Everything is loop only but
 * {@link #execute}, {@link #wakeUpFromOutside}, {@link #discard} and {@link #isDiscarding}.
 *
 * <p>Netty's own tasks and timers run here too: its tasks are posted tasks, its timers follow ours. Posted tasks are
 * run in bounded batches, so that I/O is served whatever is queued.
 */
final class NettyLoop extends SingleThreadIoEventLoop {

    private static final Logger log = LoggerFactory.getLogger(EventLoop.class);

    private static final int BATCH_TASKS = 1024;
    private static final int FREE_TASKS = 16;
    private static final int CLOCK_EVERY = 64;
    private static final long BATCH_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int SPINS_PER_CLOCK = 16;
    private static final long NO_DEADLINE = -1;
    private static final long FOREVER_NANOS = TimeUnit.DAYS.toNanos(1); // may be added to a time without overflow
    private static final long AWAKE = 0;

    private final DefaultEventLoop host;
    private final LoopCounters counters;
    private final AdaptiveSpin spin;
    private final WakeUpGate gate = new WakeUpGate();
    private final ChunkQueue<Runnable> ticks = new ChunkQueue<>();
    private final ChunkQueue<Runnable> microtasks = new ChunkQueue<>();
    private ChunkQueue<Immediate> immediates = new ChunkQueue<>();
    private ChunkQueue<Immediate> checking = new ChunkQueue<>();
    private final ReferencedChannels referencedChannels = new ReferencedChannels(this);
    private final ChunkQueue<Runnable> closing = new ChunkQueue<>();
    private final TimerLists timers = new TimerLists();
    private final IoHandlerContext context = new PollContext();
    private int idleImmediates; // those in the queues that keep nothing alive
    private long asleepSince;
    private boolean hadChannels;
    private boolean settling;
    private volatile @Nullable Thread thread;
    private volatile boolean discarding;
    private int discarded; // callbacks that were taken from their queue and not run

    /** Epoll if it is wanted and there, else NIO. */
    static IoHandlerFactory transportOf(boolean nativeTransport) {
        return nativeTransport && Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    }

    NettyLoop(DefaultEventLoop host, IoHandlerFactory transport) {
        super(null, (ThreadFactory) body -> new LoopThread(body, host), DrainingIoHandler.wrap(transport));
        this.host = host;
        this.counters = new LoopCounters(host.spec().callbackTiming());
        this.spin = new AdaptiveSpin(Delays.saturatedNanos(host.spec().spin()));
    }

    /** Posts a task. While the loop is awake this is one queue operation and one volatile read. */
    @Override
    public void execute(Runnable task) {
        Thread loop = thread;
        if (loop == null) {
            super.execute(task); // starts the thread
            return;
        }
        addTask(task);
        if (Thread.currentThread() != loop) {
            gate.wakeUp(loop, transport()); // after the last turn nobody comes: LoopTask tells its poster then
        }
    }

    @Override
    public boolean isIoType(Class<? extends IoHandler> handlerType) {
        return transport().getClass().equals(handlerType);
    }

    boolean hasPostedTasks() {
        return hasTasks();
    }

    void wakeUpFromOutside() {
        Thread loop = thread;
        if (loop != null && Thread.currentThread() != loop) {
            gate.wakeUp(loop, transport());
        }
    }

    private IoHandler transport() {
        return ((DrainingIoHandler) ioHandler()).transport();
    }

    void nextTick(Runnable task) {
        ticks.add(task);
    }

    void queueMicrotask(Runnable task) {
        microtasks.add(task);
    }

    void addImmediate(Immediate immediate) {
        immediates.add(immediate);
    }

    void countIdleImmediates(int change) {
        idleImmediates += change;
    }

    void addClosing(Runnable callback) {
        closing.add(callback);
    }

    TimerLists timers() {
        return timers;
    }

    LoopCounters counters() {
        return counters;
    }

    /** Any thread. */
    boolean isAsleep() {
        return gate.isAsleep();
    }

    /** Any thread, to the precision of a moment, as the next two. */
    int queuedTicks() {
        return ticks.size();
    }

    int queuedMicrotasks() {
        return microtasks.size();
    }

    int queuedImmediates() {
        return immediates.size() + checking.size();
    }

    int referencedImmediates() {
        return Math.max(0, queuedImmediates() - idleImmediates);
    }

    int channels() {
        return getNumOfRegisteredChannels();
    }

    ReferencedChannels referencedChannels() {
        return referencedChannels;
    }

    /** Whether nothing is left that keeps the loop alive, other than the handles that the host counts. */
    boolean isIdle() {
        return referencedImmediates() == 0
                && timers.referenced() == 0
                && ticks.isEmpty()
                && microtasks.isEmpty()
                && closing.isEmpty()
                && !hasTasks()
                && !referencedChannels.hasSome();
    }

    /** From now on no callback of ours starts any more. Any thread. */
    void discard() {
        discarding = true;
    }

    /** Drops what is queued, and says how much. */
    void clear() {
        discarded += ticks.size() + microtasks.size() + closing.size() + timers.waiting();
        countDiscarded(checking);
        countDiscarded(immediates);
        if (discarded > 0) {
            log.debug(
                    "[{}] ended: {} tasks and callbacks that were queued or timed did not run", host.name(), discarded);
        }
        ticks.clear();
        microtasks.clear();
        closing.clear();
        timers.clear();
        referencedChannels.clear();
    }

    private void countDiscarded(ChunkQueue<Immediate> queue) {
        for (Immediate immediate = queue.poll(); immediate != null; immediate = queue.poll()) {
            if (immediate.start()) {
                discarded++;
            }
        }
    }

    /** A posted task found the loop ending. Loop only. */
    void discarded() {
        discarded++;
    }

    boolean isDiscarding() {
        return discarding;
    }

    @Override
    protected void run() {
        thread = Thread.currentThread();
        ioHandler().initialize();
        pollTask(); // the empty one that started this thread
        host.started();
        runTimers();
        boolean closedChannels = false;
        do {
            if (!host.hasNothingLeft()) {
                runPosted();
                poll();
                runImmediates();
                runClosing();
                afterRunningAllTasks(); // Netty's tail tasks
                drain();
                runTimers();
            }
            if (isShuttingDown()) {
                ioHandler().prepareToDestroy(); // closes the channels
                closedChannels = true;
            } else {
                host.turnEnded();
            }
        } while (!closedChannels || !confirmShutdown());
    }

    /** Called by the I/O handler as the last thing on this thread: no task runs after this. */
    void ended() {
        host.ended();
    }

    private void runTimers() {
        if (!timers.isEmpty()) {
            timers.run(System.nanoTime(), this);
            drain();
        }
        if (hasScheduledTasks()) {
            long now = ticker().nanoTime();
            for (Runnable task = pollScheduledTask(now); task != null; task = pollScheduledTask(now)) {
                runThenDrain(task);
            }
        }
    }

    private void runPosted() {
        Runnable task = pollTask();
        if (task == null) {
            return;
        }
        runThenDrain(task);
        task = pollTask();
        if (task == null) {
            return; // one task alone, as it mostly is, costs no look at the clock
        }
        long deadline = System.nanoTime() + BATCH_NANOS;
        for (int ran = 1; task != null; task = pollTask()) {
            runThenDrain(task);
            ran++;
            // Sixteen are run whatever they take, so that the order of a few hops is no matter of time.
            boolean look =
                    ran <= CLOCK_EVERY ? ran >= FREE_TASKS && Integer.bitCount(ran) == 1 : ran % CLOCK_EVERY == 0;
            if (look && (ran >= BATCH_TASKS || System.nanoTime() - deadline >= 0)) {
                return;
            }
        }
    }

    private void runImmediates() {
        if (immediates.isEmpty()) {
            return;
        }
        ChunkQueue<Immediate> queue = immediates; // those queued from now on wait for the next turn
        immediates = checking;
        checking = queue;
        for (Immediate immediate = queue.poll(); immediate != null; immediate = queue.poll()) {
            if (immediate.start() && runSafely(immediate)) {
                drain(); // not after one that threw: the next immediate comes first, as in Node
            }
        }
        drain();
    }

    private void runClosing() {
        for (int left = closing.size(); left > 0; left--) { // what a close callback closes waits for the next turn
            Runnable callback = closing.poll();
            if (callback != null && runSafely(callback)) {
                drain();
            }
        }
        drain();
    }

    private void poll() {
        counters.turnEnds();
        boolean hasChannels = getNumOfRegisteredChannels() > 0 || isShuttingDown();
        if (hadChannels && !hasChannels) {
            settling = true; // NIO gives a closed channel's descriptor back in the next look only
            ioHandler().run(context);
            settling = false;
        }
        hadChannels = hasChannels;
        boolean runnable = isRunnable();
        if (!runnable && host.hasNothingLeft()) {
            return;
        }
        long fellAsleep = runnable ? AWAKE : counters.sleeps();
        if (runnable || isFoundBySpinning(fellAsleep)) {
            if (hasChannels) {
                ioHandler().run(context);
            }
            return;
        }
        asleepSince = fellAsleep;
        long events = counters.events();
        if (hasChannels) {
            gate.polling();
            ioHandler().run(context);
        } else {
            park();
        }
        awake();
        spin.slept(counters.awakeSince() - fellAsleep, hasTasks() && counters.events() == events);
    }

    /** The sleep is over: with the first I/O callback of a poll, or when the poll returns. */
    void awake() {
        if (asleepSince != AWAKE) {
            gate.awake();
            counters.woke(asleepSince);
            asleepSince = AWAKE;
        }
    }

    /** What it throws must not reach Netty, which would sleep for a second and lose the edge of what else is ready. */
    void runIoCallback(IoHandle handle, IoRegistration registration, IoEvent event) {
        awake();
        counters.callback();
        counters.event();
        long start = counters.timing() ? System.nanoTime() : 0;
        try {
            handle.handle(registration, event);
        } catch (Throwable error) {
            uncaught(error);
        }
        if (counters.timing()) {
            counters.timed(handle, System.nanoTime() - start);
        }
        drain();
    }

    private boolean isRunnable() {
        return referencedImmediates() > 0 || !closing.isEmpty() || hasTasks();
    }

    /** Looks for a task for a moment before the loop sleeps, if that has paid lately. Counts as sleep. */
    private boolean isFoundBySpinning(long start) {
        long nanos = spin.nanos();
        if (nanos == 0) {
            return false;
        }
        long now = start;
        do {
            for (int i = 0; i < SPINS_PER_CLOCK; i++) {
                if (hasTasks()) {
                    spin.found();
                    counters.woke(start);
                    return true;
                }
                Thread.onSpinWait();
            }
            now = System.nanoTime();
            if (!timers.isEmpty() && timers.nextExpiry() - now <= 0) {
                return false;
            }
        } while (now - start < nanos);
        spin.failed();
        return false;
    }

    /** Without a channel there is nothing to poll, and parking wakes faster than a selector. */
    private void park() {
        gate.parking();
        if (!hasTasks() && !isShuttingDown()) {
            long now = System.nanoTime();
            long nanos = Math.min(nettyDelayNanos(now), timers.isEmpty() ? FOREVER_NANOS : timers.nextExpiry() - now);
            if (nanos > 0) {
                LockSupport.parkNanos(this, nanos);
            }
            Thread.interrupted(); // an interrupt that a callback left behind would make every sleep end at once
        }
    }

    /**
     * How long Netty's next timer is away. Its own answer without one is a second, for which the loop would wake up; and
     * {@link #hasScheduledTasks()} tells of those only that are due.
     */
    private long nettyDelayNanos(long now) {
        return nextScheduledTaskDeadlineNanos() == NO_DEADLINE ? FOREVER_NANOS : delayNanos(now);
    }

    /** For posted tasks: those of Netty run even while ours are discarded, they close what is open. */
    void runThenDrain(Runnable task) {
        try {
            call(task);
        } catch (Throwable error) {
            uncaught(error);
        }
        drain();
    }

    private void call(Runnable callback) {
        counters.callback();
        if (!counters.timing()) {
            callback.run();
            return;
        }
        long start = System.nanoTime();
        try {
            callback.run();
        } finally {
            counters.timed(callback, System.nanoTime() - start);
        }
    }

    /** Empties the tick queue, then the microtask queue, until both are empty. */
    void drain() {
        if (ticks.isEmpty() && microtasks.isEmpty()) {
            return;
        }
        do {
            for (Runnable tick = ticks.poll(); tick != null; tick = ticks.poll()) {
                runSafely(tick);
            }
            drainMicrotasks();
        } while (!ticks.isEmpty() && !discarding);
    }

    /** Runs the microtasks alone: at the end of a program, when ticks run no more. */
    void drainMicrotasks() {
        for (Runnable microtask = microtasks.poll(); microtask != null; microtask = microtasks.poll()) {
            runSafely(microtask);
        }
    }

    /** Returns whether it ran without an error: after one that threw, the next callback runs before the ticks. */
    boolean runTimer(TimerEntry entry) {
        if (discarding) {
            discarded++;
            return false;
        }
        try {
            call(entry);
            return true;
        } catch (Throwable error) {
            uncaught(error);
            return false;
        }
    }

    private boolean runSafely(Runnable task) {
        if (discarding) {
            discarded++;
            return false;
        }
        try {
            call(task);
            return true;
        } catch (Throwable error) {
            uncaught(error);
            return false;
        }
    }

    void uncaught(Throwable error) {
        host.uncaught(error);
    }

    /** When the poll must end: the earlier of our timers and Netty's. */
    private final class PollContext implements IoHandlerContext {

        @Override
        public boolean canBlock() {
            return !settling
                    && !isRunnable()
                    && !isShuttingDown()
                    && (!hasScheduledTasks() || NettyLoop.this.delayNanos(System.nanoTime()) > 0)
                    && (timers.isEmpty() || timers.nextExpiry() - System.nanoTime() > 0);
        }

        @Override
        public long delayNanos(long now) {
            long nettys = nettyDelayNanos(now);
            return timers.isEmpty() ? nettys : Math.max(0, Math.min(nettys, timers.nextExpiry() - now));
        }

        @Override
        public long deadlineNanos() {
            long nettys = nextScheduledTaskDeadlineNanos();
            if (timers.isEmpty()) {
                return nettys;
            }
            long ours = Math.max(0, timers.nextExpiry() - ticker().initialNanoTime());
            return nettys == NO_DEADLINE ? ours : Math.min(ours, nettys);
        }
    }
}
