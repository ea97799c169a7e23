// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at all loops of the JVM from one thread. A loop that is awake and in the same callback as at an earlier look is
 * held; it is reported at its threshold, then once in each interval, then once when it is over. The loop
 * itself pays nothing for it: the watchdog reads a counter that the loop keeps anyway.
 *
 * <p>No first report is made on the strength of a look that came late itself: then the whole machine or JVM stood still
 * (a collection, a starved processor), not one loop.
 */
final class LoopWatchdog implements Runnable {

    private static final Logger log = LoggerFactory.getLogger(EventLoop.class);
    private static final long MIN_INTERVAL_NANOS = Duration.ofMillis(5).toNanos();
    private static final long MAX_INTERVAL_NANOS = Duration.ofMillis(100).toNanos();
    private static final int LOOKS_PER_REPORT = 2;

    /** What loads for longer waits or computes in a static initializer. */
    private static final long MAX_LOADING_NANOS = Duration.ofSeconds(10).toNanos();

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private static final Set<Watch> WATCHES = ConcurrentHashMap.newKeySet();
    private static @Nullable Thread thread;

    /** What is known of one loop. Watchdog only. */
    static final class Watch {

        final DefaultEventLoop loop;
        final Thread thread;
        final long thresholdNanos;
        final long intervalNanos;
        final Consumer<BlockedLoop> listener;
        long callback = -1;
        long since;
        long cpuSince;
        long nextReport;
        boolean reported;

        Watch(DefaultEventLoop loop, Thread thread) {
            this.loop = loop;
            this.thread = thread;
            this.thresholdNanos = Delays.saturatedNanos(loop.spec().blockedThreshold());
            this.intervalNanos = Delays.saturatedNanos(loop.spec().blockedInterval());
            this.listener = loop.blockedListener();
        }

        void look(long now, boolean late) {
            long callback = loop.nettyLoop().counters().callbacks();
            boolean held = callback == this.callback && !loop.nettyLoop().isAsleep();
            if (!held || (late && !reported)) {
                reportEnd(now);
                begin(callback, now);
            } else if (now - since >= nextReport) {
                // In step, and what was missed is not made up for.
                nextReport += intervalNanos * (1 + (now - since - nextReport) / intervalNanos);
                reported = true;
                report(held(now));
            }
        }

        /** Whether the loop has ended, and maybe with it the callback that held it. */
        boolean isOver(long now) {
            if (thread.isAlive()) {
                return false;
            }
            reportEnd(now);
            return true;
        }

        private void reportEnd(long now) {
            if (reported) {
                report(new BlockedLoop(loop.name(), BlockedLoop.State.ENDED, Duration.ofNanos(now - since), List.of()));
            }
        }

        private void begin(long callback, long now) {
            this.callback = callback;
            since = now;
            cpuSince = cpuNanos();
            nextReport = thresholdNanos;
            reported = false;
        }

        private BlockedLoop held(long now) {
            long nanos = now - since;
            boolean computes = cpuNanos() - cpuSince > nanos / 2;
            Thread.State threadState = thread.getState();
            List<StackTraceElement> stack = List.of(thread.getStackTrace());
            boolean mayLoad = nanos < MAX_LOADING_NANOS;
            return new BlockedLoop(
                    loop.name(), state(computes, threadState, stack, mayLoad), Duration.ofNanos(nanos), stack);
        }

        private long cpuNanos() {
            return THREADS.isThreadCpuTimeSupported() ? THREADS.getThreadCpuTime(thread.getId()) : 0;
        }

        private void report(BlockedLoop report) {
            try {
                BlockedLoopEvent.commit(report);
                listener.accept(report);
            } catch (Throwable e) { // one listener must not end the watch over all loops
                log.error("[{}] the listener for blocked loops threw", loop.name(), e);
            }
        }
    }

    /** A thread in a system call reads as runnable: its innermost frame is native then. */
    static BlockedLoop.State state(
            boolean computes, Thread.State threadState, List<StackTraceElement> stack, boolean mayLoad) {
        if (mayLoad && stack.stream().anyMatch(LoopWatchdog::loads)) {
            return BlockedLoop.State.LOADING;
        }
        if (stack.stream().anyMatch(LoopWatchdog::wakesUp)) {
            return BlockedLoop.State.STARVED;
        }
        if (computes) {
            return BlockedLoop.State.COMPUTING;
        }
        boolean waits = !stack.isEmpty() && waitsInSystem(stack);
        return threadState == Thread.State.RUNNABLE && !waits ? BlockedLoop.State.STARVED : BlockedLoop.State.BLOCKED;
    }

    /**
     * A thread that stays in a native call which never waits has lost its processor there: those of a loop's sockets, but
     * a file may wait, and those of the language itself, but a new process may.
     */
    private static boolean waitsInSystem(List<StackTraceElement> stack) {
        StackTraceElement innermost = stack.get(0);
        String type = innermost.getClassName();
        boolean onSocket = type.startsWith("io.netty.channel.")
                && !innermost.getMethodName().equalsIgnoreCase("sendFile");
        boolean onNioSocket = stack.size() > 1 && stack.get(1).getClassName().equals("sun.nio.ch.SocketDispatcher");
        boolean ofLanguage = type.startsWith("jdk.internal.misc.")
                || (type.startsWith("java.lang.") && !type.startsWith("java.lang.Process"));
        return innermost.isNativeMethod() && !onSocket && !onNioSocket && !ofLanguage;
    }

    private static boolean loads(StackTraceElement frame) {
        return frame.getMethodName().equals("<clinit>")
                || frame.getClassName().equals(ClassLoader.class.getName())
                || frame.getClassName().equals(Class.class.getName())
                || (frame.getClassName().startsWith("java.lang.invoke.")
                        && frame.getMethodName().startsWith("link"));
    }

    /** It has been woken, which makes it read as awake, and still waits for a processor. */
    private static boolean wakesUp(StackTraceElement frame) {
        return frame.getClassName().equals(NettyLoop.class.getName())
                && frame.getMethodName().equals("park");
    }

    private LoopWatchdog() {}

    /** Watches {@code loop} until it has ended. */
    static void watch(DefaultEventLoop loop, Thread thread) {
        WATCHES.add(new Watch(loop, thread));
        start();
    }

    private static void start() {
        synchronized (WATCHES) {
            if (thread == null) {
                thread = new Thread(new LoopWatchdog(), "spindle-default-watchdog");
                thread.setDaemon(true);
                thread.start();
            } else {
                LockSupport.unpark(thread); // it sleeps for as long as the loops it knows allow
            }
        }
    }

    @Override
    public void run() {
        long asleep = System.nanoTime();
        while (true) {
            long interval = interval();
            LockSupport.parkNanos(this, interval);
            long now = System.nanoTime();
            boolean late = now - asleep > 3 * interval;
            asleep = now;
            WATCHES.removeIf(watch -> !goesOn(watch, now, late));
            if (WATCHES.isEmpty() && ended()) {
                return;
            }
        }
    }

    private static boolean goesOn(Watch watch, long now, boolean late) {
        try {
            if (watch.isOver(now)) {
                return false;
            }
            watch.look(now, late);
            return true;
        } catch (Throwable e) { // one loop must not end the watch over all others
            log.error("[{}] is not watched any more, the watchdog could not look at it", watch.loop.name(), e);
            return false;
        }
    }

    private static boolean ended() {
        synchronized (WATCHES) {
            if (!WATCHES.isEmpty()) {
                return false;
            }
            thread = null;
            return true;
        }
    }

    private static long interval() {
        long shortest = MAX_INTERVAL_NANOS;
        for (Watch watch : WATCHES) {
            shortest = Math.min(shortest, Math.min(watch.thresholdNanos, watch.intervalNanos) / LOOKS_PER_REPORT);
        }
        return Math.max(MIN_INTERVAL_NANOS, shortest);
    }
}
