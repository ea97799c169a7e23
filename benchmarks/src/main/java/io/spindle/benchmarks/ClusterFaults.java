// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import io.spindle.cluster.ClusterEvent;
import io.spindle.cluster.ClusterWorker;
import io.spindle.process.Signal;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The program of {@code benchmarks/run faults}: something happens to a cluster under load, and every request counts.
 * Prints four numbers: requests that failed, connections that were refused, requests that had no answer within ten
 * seconds, and milliseconds until all workers were ready again. Beside them, on the standard error, when what happened to which
 * worker, and of the start of each new one how long it ran on a processor and how long it waited for one.
 */
public final class ClusterFaults {

    private static final int CLIENTS = 16;
    private static final int PATIENCE_MILLIS = 10_000;
    private static final byte[] REQUEST =
            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final AtomicInteger lost = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger hung = new AtomicInteger();
    private final AtomicLong answered = new AtomicLong();
    private final List<Note> notes = new CopyOnWriteArrayList<>();
    private volatile boolean end;

    private ClusterFaults() {}

    /** Something that happened to a worker, and what Linux said of it then. */
    private record Note(long nanos, String event, int worker, String cpu) {

        String after(long start) {
            return TimeUnit.NANOSECONDS.toMillis(nanos - start) + " ms: worker " + worker + " " + event + cpu;
        }
    }

    /** On the loop of the primary. */
    private void note(ClusterEvent event) {
        long pid = event.worker().pid();
        String name = event.getClass().getSimpleName().toLowerCase(Locale.ROOT);
        notes.add(new Note(System.nanoTime(), name, event.worker().id(), Proc.scheduled(pid)));
    }

    /**
     * Runs one fault.
     *
     * @param args {@code reload}, {@code scale}, {@code term}, {@code kill}, {@code killall} or {@code standby} (a kill with
     *     another worker in hot standby); {@code shared} or {@code handoff}
     */
    public static void main(String[] args) throws Exception {
        ClusterFaults faults = new ClusterFaults();
        int standby = args[0].equals("standby") ? 1 : 0;
        ClusterServer.Running cluster = ClusterServer.cluster(
                args[1],
                spec -> spec.watch(Duration.ofSeconds(1)).standby(standby).onEvent(faults::note));
        for (int i = 0; i < standby; i++) {
            cluster.await(ClusterEvent.Standby.class);
        }
        List<Thread> clients = faults.clients(cluster.port());
        faults.awaitAnswers(1000);
        faults.notes.clear();
        long start = System.nanoTime();
        inject(args[0], cluster);
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        faults.awaitAnswers(1000);
        faults.end = true;
        for (Thread client : clients) {
            client.join();
        }
        cluster.primary().disposeGracefully().block();
        System.err.println(args[0] + ", " + args[1] + ": " + faults.answered + " requests were answered");
        faults.notes.forEach(note -> System.err.println("  " + note.after(start)));
        System.out.println(faults.lost + " " + faults.refused + " " + faults.hung + " " + millis);
        System.exit(0);
    }

    private static void inject(String fault, ClusterServer.Running cluster) throws InterruptedException {
        List<ClusterWorker> workers = cluster.primary().workers();
        switch (fault) {
            case "reload" -> cluster.primary().reload().block();
            case "scale" -> {
                cluster.primary().scale(3).block();
                cluster.await(ClusterEvent.Ready.class);
                cluster.primary().scale(1).block();
            }
            case "term" -> kill(cluster, workers.subList(0, 1), Signal.TERM);
            case "kill", "standby" -> kill(cluster, workers.subList(0, 1), Signal.KILL);
            case "killall" -> kill(cluster, workers, Signal.KILL);
            default -> throw new IllegalArgumentException("unknown fault: " + fault);
        }
    }

    private static void kill(ClusterServer.Running cluster, List<ClusterWorker> victims, Signal signal)
            throws InterruptedException {
        victims.forEach(victim -> victim.kill(signal));
        for (int i = 0; i < victims.size(); i++) {
            cluster.await(ClusterEvent.Ready.class);
        }
    }

    /** Waits for so many more: the load runs. */
    private void awaitAnswers(int more) {
        long goal = answered.get() + more;
        while (answered.get() < goal) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    /** Half of them keep their connection, the others open one for each request. */
    private List<Thread> clients(int port) {
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            boolean keepAlive = i % 2 == 0;
            Thread client = new Thread(() -> run(port, keepAlive));
            client.start();
            all.add(client);
        }
        return all;
    }

    private void run(int port, boolean keepAlive) {
        while (!end) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setTcpNoDelay(true);
                socket.setSoTimeout(PATIENCE_MILLIS);
                boolean last = false;
                while (!last && !end) {
                    last = !ask(socket) || !keepAlive;
                }
            } catch (SocketTimeoutException e) {
                hung.incrementAndGet();
            } catch (ConnectException e) {
                refused.incrementAndGet();
            } catch (IOException e) {
                lost.incrementAndGet();
            }
        }
    }

    /** Returns whether the connection stays. */
    private boolean ask(Socket socket) throws IOException {
        socket.getOutputStream().write(REQUEST);
        InputStream in = socket.getInputStream();
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("closed without an answer");
            }
            head.append((char) next);
        }
        int start = head.indexOf("content-length: ");
        boolean chunked = start < 0;
        int length = chunked
                ? 0
                : Integer.parseInt(head.substring(start + "content-length: ".length(), head.indexOf("\r\n", start)));
        if (!head.substring(0, "HTTP/1.1 200".length()).equals("HTTP/1.1 200")
                || chunked
                || in.readNBytes(length).length < length) {
            throw new EOFException("not a whole answer: " + head);
        }
        answered.incrementAndGet();
        return head.indexOf("connection: close") < 0;
    }
}
