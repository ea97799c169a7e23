// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.unix.DomainSocketAddress;
import io.spindle.process.Signal;
import io.spindle.testkit.LeakCheck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** One cluster of two workers that get their connections from the primary. */
@ExtendWith(LeakCheck.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HandOffTest {

    private final BlockingQueue<ClusterEvent> events = Probe.queue();
    private volatile Balance balance = Balance.roundRobin();
    private Primary primary;
    private int port;

    @BeforeAll
    void start() {
        primary = Objects.requireNonNull(PrimarySpec.create()
                .workers(2)
                .main(App.class, "serve", "0")
                .jvmArgs("-Xmx48m", "-XX:TieredStopAtLevel=1")
                .listening(Listening.handOff((client, candidates) -> balance.choose(client, candidates)))
                .onEvent(events::add)
                .start()
                .block(Probe.PATIENCE));
        port = ((ClusterEvent.Listening) next(ClusterEvent.Listening.class)).port();
        next(ClusterEvent.Ready.class);
        next(ClusterEvent.Ready.class);
    }

    private ClusterEvent next(Class<? extends ClusterEvent> type) {
        return Probe.await(events, type::isInstance, type.getSimpleName());
    }

    @AfterAll
    void stop() {
        primary.disposeGracefully().block(Probe.PATIENCE);
    }

    private static String ask(Socket socket, String path) throws IOException {
        Http1.ask(socket, path, "");
        return answer(socket);
    }

    private static String answer(Socket socket) throws IOException {
        String head = Http1.head(socket.getInputStream());
        assertThat(head).startsWith("HTTP/1.1 200 OK");
        int start = head.indexOf("content-length: ") + "content-length: ".length();
        int length = Integer.parseInt(head.substring(start, head.indexOf("\r\n", start)));
        return new String(socket.getInputStream().readNBytes(length), StandardCharsets.US_ASCII);
    }

    @Test
    void roundRobinGivesToEachInTurn() throws IOException {
        balance = Balance.roundRobin();
        List<Long> order = new ArrayList<>();

        for (int i = 0; i < 6; i++) {
            order.add(Probe.pid(port));
        }

        assertThat(new HashSet<>(order)).hasSize(2);
        assertThat(order.subList(2, 6)).isEqualTo(order.subList(0, 4));
    }

    @Test
    void leastConnectionsChoosesWhoHasTheFewest() {
        List<Balance.Candidate> candidates = List.of(
                new Balance.Candidate(primary.workers().get(0), 3, 0),
                new Balance.Candidate(primary.workers().get(1), 2, 1));

        assertThat(Balance.leastConnections().choose(InetSocketAddress.createUnresolved("any", 1), candidates))
                .isEqualTo(candidates.get(1));
        assertThat(Balance.stickyByAddress().choose(new DomainSocketAddress(""), candidates))
                .as("no address to be sticky by")
                .isEqualTo(candidates.get(1));
    }

    @Test
    void thePrimaryHearsOfConnectionsThatHaveEnded() throws IOException {
        balance = Balance.leastConnections();
        Map<Socket, String> open = new HashMap<>();
        try {
            while (fewest(open) < 4) {
                Socket next = Http1.connect(port);
                open.put(next, pid(next));
            }
            String one = open.values().iterator().next();
            for (Map.Entry<Socket, String> each : open.entrySet()) {
                if (each.getValue().equals(one)) {
                    each.getKey().close(); // it has the fewest now
                }
            }
            List<String> next = new ArrayList<>(); // in turn if none had ended
            while (next.size() < 100 && Collections.indexOfSubList(next, List.of(one, one)) < 0) {
                Socket socket = Http1.connect(port);
                next.add(pid(socket));
                open.put(socket, next.get(next.size() - 1));
            }
            assertThat(next).as("twice in a row to who has the fewest").containsSequence(one, one);
        } finally {
            for (Socket each : open.keySet()) {
                each.close();
            }
        }
    }

    /** How many connections the one of the two has that has fewer. */
    private static int fewest(Map<Socket, String> open) {
        Map<String, Long> counts =
                open.values().stream().collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
        return counts.size() < 2 ? 0 : Collections.min(counts.values()).intValue();
    }

    private static String pid(Socket socket) {
        try {
            return ask(socket, "/");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void stickyGivesOneAddressToOneWorkerAndKeepsThePlaceWhenItIsReplaced() throws IOException {
        balance = Balance.stickyByAddress();
        events.clear();
        long pid = Probe.pid(port);
        for (int i = 0; i < 10; i++) {
            assertThat(Probe.pid(port)).isEqualTo(pid);
        }
        ClusterWorker worker = primary.workers().stream()
                .filter(each -> each.pid() == pid)
                .findFirst()
                .orElseThrow();
        Set<Long> pids = new HashSet<>();
        for (int i = 1; i < 60; i++) {
            try (Socket other =
                    new Socket(InetAddress.getLoopbackAddress(), port, InetAddress.getByName("127.0.0." + i), 0)) {
                pids.add(Long.parseLong(ask(other, "/")));
            }
        }
        assertThat(pids).as("other addresses are spread").hasSize(2);

        worker.kill(Signal.KILL);
        next(ClusterEvent.Ready.class);

        ClusterWorker replacement = primary.workers().stream()
                .filter(each -> each.slot() == worker.slot())
                .findFirst()
                .orElseThrow();
        assertThat(Probe.pid(port)).isEqualTo(replacement.pid());
    }

    @Test
    void aBalanceThatFailsDoesNotStopTheCluster() throws IOException {
        balance = (client, candidates) -> {
            throw new IllegalStateException("no idea");
        };
        assertThat(Probe.pid(port)).isPositive();
        balance =
                (client, candidates) -> new Balance.Candidate(candidates.get(0).worker(), -1, -1); // not one of them
        assertThat(Probe.pid(port)).isPositive();
    }

    @Test
    void theRemoteAddressIsTheClients() throws IOException {
        balance = Balance.roundRobin();
        try (Socket client = Http1.connect(port)) {
            String seen = ask(client, "/remote");

            assertThat(seen).isEqualTo("/127.0.0.1:" + client.getLocalPort());
        }
    }

    @Test
    void whatADeadWorkerHadNotTakenIsGivenToAnother() throws IOException {
        balance = Balance.roundRobin();
        events.clear();
        ClusterWorker stopped = primary.workers().get(0);
        stop(stopped);
        List<Socket> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 8; i++) {
                Socket client = Http1.connect(port);
                clients.add(client);
                Http1.ask(client, "/", "");
            }
            try (Socket first = clients.remove(firstAnswered(clients))) {
                answer(first); // the other one goes on
            }

            assertThat(stopped.kill(Signal.KILL)).isTrue();

            for (Socket client : clients) {
                assertThat(answer(client)).isNotEqualTo(String.valueOf(stopped.pid()));
            }
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
        next(ClusterEvent.Ready.class);
    }

    /** Stops a process: when this returns none of its threads runs. */
    private static void stop(ClusterWorker worker) throws IOException {
        assertThat(worker.kill(Signal.STOP)).isTrue();
        try (Stream<Path> threads = Files.list(Path.of("/proc/" + worker.pid() + "/task"))) {
            for (Path thread : threads.toList()) {
                String state = "";
                while (!state.startsWith("T")) {
                    String line = Files.readString(thread.resolve("stat"));
                    state = line.substring(line.lastIndexOf(')') + 2);
                }
            }
        }
    }

    private static int firstAnswered(List<Socket> clients) throws IOException {
        while (true) {
            for (int i = 0; i < clients.size(); i++) {
                if (clients.get(i).getInputStream().available() > 0) {
                    return i;
                }
            }
            Thread.onSpinWait();
        }
    }

    @Test
    void noRequestIsLostInAReload() throws Exception {
        balance = Balance.roundRobin();
        List<ClusterWorker> old = primary.workers();
        try (Load load = Load.start(port, 4)) {
            primary.reload().block(Probe.PATIENCE);

            assertThat(load.end()).isPositive();
        }
        assertThat(primary.workers()).hasSize(2).doesNotContainAnyElementsOf(old);
    }

    @Test
    void connectionsWaitWhileNoWorkerLives() throws IOException {
        balance = Balance.roundRobin();
        events.clear();
        primary.workers().forEach(worker -> worker.kill(Signal.KILL));
        next(ClusterEvent.Exited.class);
        next(ClusterEvent.Exited.class);

        assertThat(Probe.pid(port)).isPositive();

        next(ClusterEvent.Ready.class);
        next(ClusterEvent.Ready.class);
    }

    @Test
    void anAddressSurvivesTheWay() throws IOException {
        for (String host : List.of("127.0.0.1", "2001:db8::1")) {
            InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(host), 65_535);
            assertThat(HandedAddress.read(HandedAddress.write(address))).isEqualTo(address);
        }
        InetAddress local =
                Inet6Address.getByAddress(null, InetAddress.getByName("fe80::1").getAddress(), 2);
        InetSocketAddress read = HandedAddress.read(HandedAddress.write(new InetSocketAddress(local, 1)));
        assertThat(((Inet6Address) read.getAddress()).getScopeId())
                .as("a link-local address is of one link")
                .isEqualTo(2);
    }
}
