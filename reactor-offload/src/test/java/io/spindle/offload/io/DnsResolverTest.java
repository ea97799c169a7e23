// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DatagramDnsQueryDecoder;
import io.netty.handler.codec.dns.DatagramDnsResponse;
import io.netty.handler.codec.dns.DatagramDnsResponseEncoder;
import io.netty.handler.codec.dns.DefaultDnsRawRecord;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.offload.TaskRejectedException;
import io.spindle.testkit.LeakCheck;
import io.spindle.testkit.Spin;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Against a name server of its own on the loopback interface. */
@ExtendWith(LeakCheck.class)
class DnsResolverTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final int POINTER_TO_THE_QUESTION = 0xC00C;

    private final AtomicInteger questions = new AtomicInteger();
    private EventLoop serverLoop;
    private Channel server;
    private DnsResolver resolver;

    @BeforeAll
    static void startTheSharedLoop() {
        EventLoop.shared();
    }

    @BeforeEach
    void start() throws Exception {
        serverLoop = EventLoop.create("name-server");
        server = new Bootstrap()
                .group(serverLoop.netty())
                .channel(serverLoop.resources().onChannelClass(DatagramChannel.class, serverLoop.netty()))
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(new DatagramDnsQueryDecoder())
                                .addLast(new DatagramDnsResponseEncoder())
                                .addLast(new NameServer());
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
        resolver = DnsResolver.create(List.of((InetSocketAddress) server.localAddress()), Duration.ofSeconds(10), 1);
    }

    @AfterEach
    void stop() {
        resolver.dispose();
        server.close().syncUninterruptibly();
        serverLoop.dispose();
        serverLoop.onDispose().block(LONG);
    }

    private final class NameServer extends SimpleChannelInboundHandler<DatagramDnsQuery> {

        @Override
        @SuppressWarnings("FutureReturnValueIgnored") // an answer that is lost is a time-out
        protected void channelRead0(ChannelHandlerContext context, DatagramDnsQuery query) {
            questions.incrementAndGet();
            DnsQuestion question = query.recordAt(DnsSection.QUESTION);
            if (question.name().startsWith("silent.")) {
                return;
            }
            DatagramDnsResponse response = new DatagramDnsResponse(
                    /* sender= */ query.recipient(), /* recipient= */ query.sender(), query.id());
            response.addRecord(
                    DnsSection.QUESTION,
                    new io.netty.handler.codec.dns.DefaultDnsQuestion(question.name(), question.type()));
            ByteBuf content = data(question);
            if (question.name().startsWith("missing.")) {
                response.setCode(DnsResponseCode.NXDOMAIN);
            } else if (question.name().startsWith("refused.")) {
                response.setCode(DnsResponseCode.REFUSED);
            } else if (content.isReadable()) {
                response.addRecord(
                        DnsSection.ANSWER, new DefaultDnsRawRecord(question.name(), question.type(), 60, content));
                context.writeAndFlush(response);
                return;
            }
            content.release();
            context.writeAndFlush(response);
        }
    }

    private static ByteBuf data(DnsQuestion question) {
        ByteBuf data = Unpooled.buffer();
        String type = question.type().name();
        if (question.name().startsWith("nothing.")) {
            return data;
        }
        return switch (type) {
            case "A" -> data.writeBytes(new byte[] {(byte) 192, 0, 2, 1});
            case "AAAA" ->
                data.writeBytes(new byte[] {0x20, 1, 0xd, (byte) 0xb8})
                        .writeZero(11)
                        .writeByte(1);
            case "MX" -> data.writeShort(10).writeShort(POINTER_TO_THE_QUESTION);
            case "TXT" -> text(text(data, "v=spf1 "), "-all");
            case "SRV" -> name(data.writeShort(1).writeShort(2).writeShort(8080), "host.example");
            case "NS", "CNAME", "PTR" -> name(data, "other.example");
            case "SOA" ->
                name(name(data, "ns.example"), "admin.example")
                        .writeInt(0x80000000)
                        .writeInt(2)
                        .writeInt(3)
                        .writeInt(4)
                        .writeInt(5);
            case "CAA" -> text(data.writeByte(0x80), "issue").writeBytes("ca.example".getBytes(US_ASCII));
            case "NAPTR" -> name(text(text(text(data.writeShort(1).writeShort(2), "s"), "SIP+D2U"), ""), "sip.example");
            default -> data;
        };
    }

    private static ByteBuf text(ByteBuf data, String text) {
        data.writeByte(text.length()).writeCharSequence(text, US_ASCII);
        return data;
    }

    private static ByteBuf name(ByteBuf data, String name) {
        for (String label : name.split("\\.", -1)) {
            text(data, label);
        }
        return data.writeByte(0);
    }

    private static <T> T only(Mono<List<T>> answer) {
        List<T> all = answer.block(LONG);
        assertThat(all).hasSize(1);
        return all.get(0);
    }

    private void fails(Mono<?> answer, String code) {
        StepVerifier.create(answer)
                .expectErrorSatisfies(
                        error -> assertThat(((LookupException) error).code()).isEqualTo(code))
                .verify(LONG);
    }

    @Test
    void everyKindOfRecordIsRead() throws Exception {
        assertThat(only(resolver.resolve4("a.example")).getHostAddress()).isEqualTo("192.0.2.1");
        assertThat(only(resolver.resolve6("a.example"))).isEqualTo(InetAddress.getByName("2001:db8::1"));
        assertThat(only(resolver.resolveMx("mail.example"))).isEqualTo(new DnsResolver.Mx(10, "mail.example"));
        assertThat(only(resolver.resolveTxt("a.example"))).containsExactly("v=spf1 ", "-all");
        assertThat(only(resolver.resolveSrv("_http._tcp.example")))
                .isEqualTo(new DnsResolver.Srv(1, 2, 8080, "host.example"));
        assertThat(only(resolver.resolveNs("a.example"))).isEqualTo("other.example");
        assertThat(only(resolver.resolveCname("a.example"))).isEqualTo("other.example");
        assertThat(only(resolver.resolvePtr("a.example"))).isEqualTo("other.example");
        assertThat(only(resolver.resolveSoa("example")))
                .isEqualTo(new DnsResolver.Soa("ns.example", "admin.example", 0x80000000L, 2, 3, 4, 5));
        assertThat(only(resolver.resolveCaa("a.example"))).isEqualTo(new DnsResolver.Caa(true, "issue", "ca.example"));
        assertThat(only(resolver.resolveNaptr("a.example")))
                .isEqualTo(new DnsResolver.Naptr(1, 2, "s", "SIP+D2U", "", "sip.example"));
    }

    @Test
    void namesOfAddressesAreAskedBackwards() throws Exception {
        assertThat(only(resolver.reverse(InetAddress.getByName("192.0.2.7")))).isEqualTo("other.example");
        assertThat(DnsData.reverseName(InetAddress.getByName("192.0.2.7"))).isEqualTo("7.2.0.192.in-addr.arpa");
        assertThat(DnsData.reverseName(InetAddress.getByName("2001:db8::f1")))
                .isEqualTo("1.f" + ".0".repeat(22) + ".8.b.d.0.1.0.0.2.ip6.arpa");
    }

    @Test
    @DisplayName("HF-31: the reason of a failure is told")
    void theReasonOfAFailureIsTold() {
        fails(resolver.resolve4("missing.example"), "ENOTFOUND");
        fails(resolver.resolveMx("nothing.example"), "ENODATA");
        fails(resolver.resolve4("refused.example"), "EREFUSED");
        fails(resolver.resolve4("x".repeat(64) + ".example"), "EBADNAME");
    }

    @Test
    void whatCannotBeReadIsABadAnswer() {
        DefaultDnsRawRecord record =
                new DefaultDnsRawRecord("a.example", DnsRecordType.MX, 60, Unpooled.wrappedBuffer(new byte[1]));
        try {
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> DnsData.mx(record));
        } finally {
            record.release();
        }
        assertThat(LookupException.of("a.example", "MX", new DecoderException()).code())
                .isEqualTo("EBADRESP");
    }

    @Test
    void aQuestionThatNobodyAnswersIsAskedAgain() {
        DnsResolver hasty =
                DnsResolver.create(List.of((InetSocketAddress) server.localAddress()), Duration.ofMillis(50), 3);

        try {
            fails(hasty.resolve4("silent.example"), "ETIMEOUT");
            Spin.until(() -> questions.get() >= 3); // the server may be slower than the time-outs
        } finally {
            hasty.dispose();
        }
    }

    @Test
    void disposeEndsWhatIsAskedAndWhatComesLater() { // ECANCELLED
        CompletableFuture<?> asked = resolver.resolve4("silent.example").toFuture();
        resolver.resolve4("a.example").block(LONG);

        resolver.dispose();

        assertThat(asked).isCompletedExceptionally(); // not after the time-out only
        fails(resolver.resolve4("a.example"), "ECANCELLED");
        assertThat(resolver.isDisposed()).isTrue();
    }

    @Test
    void anOpeningThatFailsOrIsAbandonedIsNotTheLast() throws Exception {
        BlockingPool pool =
                BlockingPoolSpec.of("opening").threads(1).queueCapacity(1).start();
        CountDownLatch busy = new CountDownLatch(1);
        CountDownLatch open = new CountDownLatch(1);
        DnsResolver fresh = DnsResolver.create(List.of((InetSocketAddress) server.localAddress()), LONG, 1, pool);
        CompletableFuture<?> blocking = pool.call(() -> {
                    busy.countDown();
                    return open.await(20, TimeUnit.SECONDS);
                })
                .toFuture();
        assertThat(busy.await(20, TimeUnit.SECONDS)).isTrue();
        Disposable filling = pool.run(() -> {}).subscribe();
        StepVerifier.create(fresh.resolve4("a.example"))
                .expectError(TaskRejectedException.class)
                .verify(LONG);
        filling.dispose();

        EventLoop gone = EventLoop.create("gone");
        Mono.fromRunnable(() -> fresh.resolve4("a.example").subscribe(none -> {}, ended -> {}))
                .subscribeOn(gone)
                .block(LONG);
        gone.dispose();
        gone.onDispose().block(LONG);
        CompletableFuture<@Nullable List<InetAddress>> waiting =
                fresh.resolve4("a.example").toFuture();
        open.countDown();

        assertThat(waiting.get(20, TimeUnit.SECONDS)).hasSize(1);
        assertThat(only(fresh.resolve4("b.example")).getHostAddress()).isEqualTo("192.0.2.1");
        blocking.get(20, TimeUnit.SECONDS);
        fresh.dispose();
        pool.disposeGracefully().block(LONG);
        assertThat(pool.metrics().completed()).isEqualTo(2); // what blocked it, and one opening for all
    }

    @Test
    void answersComeHome() {
        List<String> log = new ArrayList<>();

        EventLoop.run(loop ->
                resolver.resolve4("a.example").subscribe(addresses -> log.add(addresses.size() + " " + loop.inLoop())));

        assertThat(log).containsExactly("1 true");
    }

    @Test
    void badArgumentsAreRefusedAtOnce() {
        InetSocketAddress address = (InetSocketAddress) server.localAddress();
        assertThatIllegalArgumentException().isThrownBy(() -> resolver.resolve4(""));
        assertThatIllegalArgumentException().isThrownBy(() -> DnsResolver.create(List.of(), Duration.ofSeconds(1), 1));
        assertThatIllegalArgumentException().isThrownBy(() -> DnsResolver.create(List.of(address), Duration.ZERO, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DnsResolver.create(List.of(address), Duration.ofSeconds(1), 0))
                .withMessage("tries must be 1 or more, was 0");
    }
}
