// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.unix.DomainSocketAddress;
import io.spindle.process.Signal;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Program;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** One cluster of two workers, entered by every door. */
@ExtendWith(LeakCheck.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class WaysInContract {

    private static final InetAddress HERE = InetAddress.getLoopbackAddress();

    private final BlockingQueue<ClusterEvent> events = Probe.queue();
    private boolean hasIpv6;
    private Path path;
    private SSLContext trusting;
    private Primary primary;
    private int plainPort;
    private int tlsPort;
    private int ipv6Port;

    abstract Listening listening();

    /** A request of a client on a connection of its own. */
    private interface Visit {
        Visitor open() throws IOException;
    }

    private interface Question {
        String ask(Visitor visitor) throws IOException;
    }

    @BeforeAll
    void start(@TempDir Path temporary) throws Exception {
        hasIpv6 = hasIpv6();
        path = temporary.resolve("http");
        Path keys = temporary.resolve("keys");
        makeCertificate(keys);
        trusting = trusting(keys);
        primary = Objects.requireNonNull(PrimarySpec.create()
                .workers(2)
                .main(Doors.class, path.toString(), keys.toString(), String.valueOf(hasIpv6))
                .jvmArgs("-Xmx64m", "-XX:TieredStopAtLevel=1")
                .listening(listening())
                .watch(Duration.ofMillis(100))
                .onEvent(events::add)
                .start()
                .block(Probe.PATIENCE));
        List<ClusterEvent.Listening> servers = new ArrayList<>();
        ClusterWorker first = next(ClusterEvent.Forked.class).worker();
        for (int i = 0; i < (hasIpv6 ? 4 : 3); i++) {
            servers.add((ClusterEvent.Listening) Probe.await(
                    events,
                    event -> event instanceof ClusterEvent.Listening
                            && event.worker().id() == first.id(),
                    "a server"));
        }
        assertThat(servers.get(0).address()).isEqualTo(new DomainSocketAddress(path.toString()));
        assertThat(servers.get(0).port()).isEqualTo(-1);
        plainPort = servers.get(1).port();
        tlsPort = servers.get(2).port();
        ipv6Port = hasIpv6 ? servers.get(3).port() : 0;
        Program.eventually(() -> primary.workers().stream()
                        .filter(worker -> worker.state() == WorkerState.READY)
                        .count()
                == 2);
    }

    private static InetAddress ipv6Loopback() throws IOException {
        byte[] address = new byte[16];
        address[15] = 1;
        return InetAddress.getByAddress(address);
    }

    private static boolean hasIpv6() {
        try (ServerSocket socket = new ServerSocket(0, 1, ipv6Loopback())) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    /** By the JDK's own tool, for this run only. */
    private static void makeCertificate(Path store) throws Exception {
        Process keytool = new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/keytool",
                        "-genkeypair",
                        "-alias",
                        "test",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=dns:localhost,ip:127.0.0.1",
                        "-validity",
                        "2",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        String.valueOf(Doors.PASSWORD))
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(keytool.waitFor()).as(said).isZero();
    }

    private static SSLContext trusting(Path store) throws Exception {
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(Doors.load(store));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private ClusterEvent next(Class<? extends ClusterEvent> type) {
        return Probe.await(events, type::isInstance, type.getSimpleName());
    }

    @AfterAll
    void stop() {
        primary.disposeGracefully().block(Probe.PATIENCE);
        assertThat(path).as("the primary removes it at its end").doesNotExist();
    }

    /** Asks until both workers have answered, each time on a new connection. */
    private void assertThatBothAnswer(Visit visit, Question question) throws IOException {
        Set<Long> pids = new HashSet<>();
        long deadline = System.nanoTime() + Probe.PATIENCE.toNanos();
        while (pids.size() < 2 && System.nanoTime() - deadline < 0) {
            try (Visitor visitor = visit.open()) {
                pids.add(Long.parseLong(question.ask(visitor).split(" ", -1)[0]));
            }
        }
        assertThat(pids)
                .containsExactlyInAnyOrderElementsOf(
                        primary.workers().stream().map(ClusterWorker::pid).toList());
    }

    private static void assertThatItSeesTheClient(Visit visit, Question question) throws IOException {
        try (Visitor visitor = visit.open()) {
            InetSocketAddress local = (InetSocketAddress) visitor.local();
            String[] seen = question.ask(visitor).split(" ", -1);
            assertThat(new InetSocketAddress(InetAddress.getByName(seen[0]), Integer.parseInt(seen[1])))
                    .isEqualTo(local);
        }
    }

    @Test
    void http1() throws IOException {
        Visit visit = () -> Visitor.tcp(HERE, plainPort);
        assertThatBothAnswer(visit, visitor -> visitor.get("/"));
        assertThatItSeesTheClient(visit, visitor -> visitor.get("/remote"));
    }

    @Test
    void http2WithoutTls() throws IOException {
        Visit visit = () -> Visitor.tcp(HERE, plainPort);
        assertThatBothAnswer(visit, visitor -> visitor.get2("/"));
        assertThatItSeesTheClient(visit, visitor -> visitor.get2("/remote"));
    }

    @Test
    void webSocket() throws IOException {
        assertThatBothAnswer(() -> Visitor.tcp(HERE, plainPort), visitor -> visitor.webSocket("hello"));
    }

    /** The client offers its last session, which another worker does not know: it gets a new one. */
    @Test
    void tls() throws IOException {
        Visit visit = () -> Visitor.tls(trusting, tlsPort, "http/1.1");
        assertThatBothAnswer(visit, visitor -> visitor.get("/"));
        assertThatItSeesTheClient(visit, visitor -> visitor.get("/remote"));
    }

    @Test
    void webSocketWithTls() throws IOException {
        assertThatBothAnswer(() -> Visitor.tls(trusting, tlsPort, "http/1.1"), visitor -> visitor.webSocket("hello"));
    }

    @Test
    void http2WithTls() throws IOException {
        Visit visit = () -> Visitor.tls(trusting, tlsPort, "h2");
        assertThatBothAnswer(visit, visitor -> visitor.get2("/"));
        assertThatItSeesTheClient(visit, visitor -> visitor.get2("/remote"));
    }

    @Test
    void ipv6() throws IOException {
        assumeTrue(hasIpv6, "this machine has no ::1");
        InetAddress here = ipv6Loopback();
        Visit visit = () -> Visitor.tcp(here, ipv6Port);
        assertThatBothAnswer(visit, visitor -> visitor.get("/"));
        assertThatBothAnswer(visit, visitor -> visitor.get2("/"));
        assertThatItSeesTheClient(visit, visitor -> visitor.get("/remote"));
    }

    @Test
    void aUnixDomainSocket() throws IOException {
        Visit visit = () -> Visitor.unix(path);
        assertThatBothAnswer(visit, visitor -> visitor.get("/"));
        assertThatBothAnswer(visit, visitor -> visitor.get2("/"));
        assertThatBothAnswer(visit, visitor -> visitor.webSocket("hello"));
        try (Visitor visitor = visit.open()) {
            assertThat(visitor.get("/remote")).as("it has no name").isEqualTo("unix  null");
        }
        Path own = path.resolveSibling("client");
        try (SocketChannel named = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            named.bind(UnixDomainSocketAddress.of(own));
            named.connect(UnixDomainSocketAddress.of(path));
            assertThat(Visitor.unix(named).get("/remote")).isEqualTo("unix " + own + " null");
        } finally {
            Files.deleteIfExists(own);
        }
        assertThat(Probe.ask(primary.controlSocket(), "status\n")).contains("unix:" + path);
    }

    @Test
    void theUnixDomainSocketStaysWhenAWorkerIsKilled() throws IOException {
        events.clear();
        ClusterWorker victim = primary.workers().get(0);

        assertThat(victim.kill(Signal.KILL)).isTrue();
        next(ClusterEvent.Exited.class);
        try (Visitor visitor = Visitor.unix(path)) {
            assertThat(visitor.get("/")).isNotEqualTo(String.valueOf(victim.pid()));
        }
        next(ClusterEvent.Ready.class);

        assertThatBothAnswer(() -> Visitor.unix(path), visitor -> visitor.get("/"));
    }

    @Test
    void noRequestOnTheUnixDomainSocketIsLostInAReload() throws Exception {
        List<ClusterWorker> old = primary.workers();
        AtomicBoolean end = new AtomicBoolean();
        CountDownLatch warm = new CountDownLatch(2);
        Mono<Long> answered = Flux.just(false, true)
                .flatMap(keep ->
                        Mono.fromCallable(() -> requests(keep, end, warm)).subscribeOn(Schedulers.boundedElastic()))
                .reduce(Long::sum)
                .cache();
        answered.subscribe(count -> {}, lost -> {});
        assertThat(warm.await(Probe.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();

        primary.reload().block(Probe.PATIENCE);
        end.set(true);

        assertThat(answered.block(Probe.PATIENCE)).isPositive();
        assertThat(primary.workers()).hasSize(2).doesNotContainAnyElementsOf(old);
        assertThatBothAnswer(() -> Visitor.unix(path), visitor -> visitor.get("/"));
    }

    /** One after the other, each on a connection of its own or as many on one as the server likes. */
    private long requests(boolean keep, AtomicBoolean end, CountDownLatch warm) throws IOException {
        long answered = 0;
        while (!end.get()) {
            try (Visitor visitor = Visitor.unix(path)) {
                do {
                    visitor.get("/");
                    if (++answered == 100) {
                        warm.countDown();
                    }
                } while (keep && !visitor.isToldToGo() && !end.get());
            }
        }
        return answered;
    }
}
