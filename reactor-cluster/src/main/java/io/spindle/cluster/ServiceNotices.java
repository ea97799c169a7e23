// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.spindle.loop.EventLoop;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * Tells the service manager, as {@code sd_notify(3)} does, how a cluster is: datagrams to the socket that systemd names in the
 * environment, or nothing if it names none. Loop only.
 *
 * <pre>
 *   all wanted workers ready → READY=1, MAINPID=
 *   a reload begins → RELOADING=1, MONOTONIC_USEC=     it ends, well or not → READY=1
 *   the end begins → STOPPING=1
 *   what it says of the workers changes, at first that none is ready → STATUS=
 * </pre>
 */
final class ServiceNotices {

    /** What systemd sets for one process, and a worker must not take for its own. */
    static final List<String> VARIABLES = List.of("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID");

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private static final Pattern MICROS = Pattern.compile("[1-9]\\d{0,17}");

    private final Consumer<String> send;
    private final Disposable.Composite open = Disposables.composite();
    private boolean everReady;
    private boolean reloading; // said, and not yet its end
    private boolean stopping;
    private String status = "";

    ServiceNotices(Consumer<String> send) {
        this.send = send;
    }

    /** Connects to what the environment names; if nobody listens there now, nobody is told later. */
    static ServiceNotices of(EventLoop loop, Map<String, String> environment) {
        String name = environment.getOrDefault("NOTIFY_SOCKET", "");
        if (name.isEmpty()) {
            return new ServiceNotices(notice -> {});
        }
        NotifySocket socket = new NotifySocket(loop, name);
        if (!socket.connect()) {
            return new ServiceNotices(notice -> {});
        }
        ServiceNotices notices = new ServiceNotices(socket::send);
        notices.open.add(socket);
        notices.watch(loop, environment);
        return notices;
    }

    /** From the loop that supervises: if it hangs systemd ends the service. */
    private void watch(EventLoop loop, Map<String, String> environment) {
        String pid = environment.getOrDefault("WATCHDOG_PID", "");
        String limit = environment.getOrDefault("WATCHDOG_USEC", "");
        if (limit.isEmpty() || !(pid.isEmpty() || pid.equals(ownPid()))) {
            return;
        }
        if (!MICROS.matcher(limit).matches()) {
            log.warn("WATCHDOG_USEC must be a number above zero, was {}: systemd's watchdog is not answered", limit);
            return;
        }
        Duration half = Duration.of(Long.parseLong(limit), ChronoUnit.MICROS).dividedBy(2);
        open.add(loop.setInterval(half, () -> send.accept("WATCHDOG=1")));
    }

    private static String ownPid() {
        return String.valueOf(ProcessHandle.current().pid());
    }

    /** All workers are to be replaced; also if that is refused, since another such reload runs. */
    void reloadBegins() {
        reloading = true;
        long micros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime()); // CLOCK_MONOTONIC, on Linux
        send.accept("RELOADING=1\nMONOTONIC_USEC=" + micros);
    }

    /**
     * Tells what is new.
     *
     * @param ready how many workers are
     */
    void tell(PrimaryState state, long ready, int wanted) {
        List<String> lines = new ArrayList<>();
        if (state == PrimaryState.STOPPING && !stopping) {
            stopping = true;
            lines.add("STOPPING=1");
        }
        if (state == PrimaryState.RUNNING && (everReady ? reloading : ready >= wanted)) {
            reloading = false;
            everReady = true;
            lines.add("READY=1");
            lines.add("MAINPID=" + ownPid());
        }
        String text = (state == PrimaryState.RUNNING ? "" : state.word() + ": ") + ready + " workers ready, " + wanted
                + " wanted";
        if (!text.equals(status)) {
            status = text;
            lines.add("STATUS=" + text);
        }
        if (!lines.isEmpty()) {
            send.accept(String.join("\n", lines));
        }
    }

    void close() {
        open.dispose();
    }
}
