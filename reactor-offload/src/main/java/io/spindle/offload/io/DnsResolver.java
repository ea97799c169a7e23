// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.netty.channel.AddressedEnvelope;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsSection;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsServerAddressStreamProvider;
import io.netty.resolver.dns.DnsServerAddressStreamProviders;
import io.netty.resolver.dns.NoopAuthoritativeDnsServerCache;
import io.netty.resolver.dns.NoopDnsCache;
import io.netty.resolver.dns.NoopDnsCnameCache;
import io.netty.resolver.dns.SequentialDnsServerAddressStreamProvider;
import io.netty.util.concurrent.Future;
import io.spindle.loop.EventLoop;
import io.spindle.offload.BlockingPool;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Schedulers;

/**
 * Asks name servers for the records of a name: what is in the DNS, not the hosts file, without search domains and without a
 * cache. It needs no thread: it runs on {@link EventLoop#shared()} by Netty's resolver, by UDP, and by TCP for long
 * answers. For addresses as the operating system finds them see {@link Dns}. Node analogue: {@code dns.promises.Resolver}.
 *
 * <p>For all methods that ask:
 * <ul>
 *   <li><b>Signals on</b> the event loop it was subscribed on, which it keeps alive, else on {@link EventLoop#shared()}.
 *   <li><b>Cancel</b> drops the answer.
 *   <li><b>Errors</b> with {@link LookupException}, whose code is Node's: {@code ENOTFOUND} if there is no such name,
 *       {@code ENODATA} if it has no such records, {@code ETIMEOUT}, {@code ESERVFAIL}, {@code EREFUSED},
 *       {@code ECANCELLED} after {@link #dispose()}.
 *   <li>The result is a cold {@code Mono} of an immutable list with at least one element, in the order of the answer;
 *       never empty.
 * </ul>
 *
 * <p>Thread-safe. Whoever creates it disposes it.
 *
 * @since 0.1.0
 */
public final class DnsResolver implements Disposable {

    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(5);
    private static final int DEFAULT_TRIES = 4;
    private static final Duration FOR_EVER = Duration.ofMillis(Long.MAX_VALUE); // Reactor sets no timer for it

    /**
     * A mail server.
     *
     * @param priority the lower, the sooner
     * @param exchange its name
     */
    public record Mx(int priority, String exchange) {}

    /**
     * Where a service is.
     *
     * @param priority the lower, the sooner
     * @param weight its share among those of a priority
     * @param port of the service
     * @param name of its host
     */
    public record Srv(int priority, int weight, int port, String name) {}

    /**
     * The start of a zone.
     *
     * @param nsname its first name server
     * @param hostmaster who is responsible, an address with a dot for the at sign
     * @param serial the version of the zone
     * @param refreshSeconds when others look for a newer one
     * @param retrySeconds when they look again after a failure
     * @param expireSeconds when they give the zone up
     * @param minimumTtlSeconds how long it is kept that something is not there
     */
    public record Soa(
            String nsname,
            String hostmaster,
            long serial,
            long refreshSeconds,
            long retrySeconds,
            long expireSeconds,
            long minimumTtlSeconds) {}

    /**
     * Who may issue certificates.
     *
     * @param critical whether who does not know the tag must not issue
     * @param tag such as {@code issue}
     * @param value such as the domain of an issuer
     */
    public record Caa(boolean critical, String tag, String value) {}

    /**
     * A rule that rewrites names.
     *
     * @param order the lower, the sooner
     * @param preference the same among those of an order
     * @param flags of the rule
     * @param service that it is about
     * @param regexp that rewrites
     * @param replacement or the new name
     */
    public record Naptr(int order, int preference, String flags, String service, String regexp, String replacement) {}

    private final Duration timeout;
    private final int tries;
    private final @Nullable List<InetSocketAddress> servers;
    private final Mono<DnsNameResolver> resolver;
    private final AtomicReference<@Nullable DnsNameResolver> opened = new AtomicReference<>();
    private final Set<Runnable> pending = ConcurrentHashMap.newKeySet();
    private volatile boolean disposed;

    private DnsResolver(@Nullable List<InetSocketAddress> servers, Duration timeout, int tries, BlockingPool pool) {
        this.servers = servers;
        this.timeout = timeout;
        this.tries = tries;
        this.resolver = Mono.defer(() -> opening(pool))
                .cache(made -> FOR_EVER, error -> Duration.ZERO, () -> Duration.ZERO); // who asks next tries again
    }

    /** It reads the system's configuration. Its outcome is everybody's: it does not go home to a loop that may end. */
    private Mono<DnsNameResolver> opening(BlockingPool pool) {
        Mono<DnsNameResolver> opening = pool.call(this::open);
        return EventLoop.current() == null ? opening : opening.subscribeOn(Schedulers.parallel());
    }

    /** Creates a resolver that asks the system's name servers, each time for 5 seconds, 4 times. */
    public static DnsResolver create() {
        return new DnsResolver(null, DEFAULT_TIMEOUT, DEFAULT_TRIES, BlockingPool.shared());
    }

    /**
     * Creates a resolver that asks certain servers. Node analogue: {@code resolver.setServers}.
     *
     * @param servers in turn, the next for each question or try; not empty
     * @param timeout for each question, from 1 ms on
     * @param tries how many times a question is asked if it is not answered, 1 or more
     */
    public static DnsResolver create(List<InetSocketAddress> servers, Duration timeout, int tries) {
        return create(servers, timeout, tries, BlockingPool.shared());
    }

    /** Opens it on a pool of choice. */
    static DnsResolver create(List<InetSocketAddress> servers, Duration timeout, int tries, BlockingPool pool) {
        if (servers.isEmpty()) {
            throw new IllegalArgumentException("servers must not be empty");
        }
        if (timeout.toMillis() < 1) {
            throw new IllegalArgumentException("timeout must be 1 ms or more, was " + timeout);
        }
        return new DnsResolver(List.copyOf(servers), timeout, Io.atLeast("tries", 1, tries), pool);
    }

    /** On the pool. */
    private DnsNameResolver open() {
        EventLoop loop = EventLoop.shared();
        DnsServerAddressStreamProvider provider = servers == null
                ? DnsServerAddressStreamProviders.platformDefault()
                : new SequentialDnsServerAddressStreamProvider(servers);
        DnsNameResolver made = new DnsNameResolverBuilder(loop.netty())
                .datagramChannelType(loop.resources().onChannelClass(DatagramChannel.class, loop.netty()))
                .socketChannelType(loop.resources().onChannelClass(SocketChannel.class, loop.netty()))
                .nameServerProvider(provider)
                .queryTimeoutMillis(timeout.toMillis())
                .hostsFileEntriesResolver((name, types) -> null)
                .searchDomains(List.of())
                .ndots(1)
                .resolveCache(NoopDnsCache.INSTANCE)
                .cnameCache(NoopDnsCnameCache.INSTANCE)
                .authoritativeDnsServerCache(NoopAuthoritativeDnsServerCache.INSTANCE)
                .build();
        opened.set(made);
        if (disposed) { // who disposes sets this, then looks for it
            made.close();
        }
        return made;
    }

    /**
     * Finds IPv4 addresses (A).
     *
     * @param name not empty
     */
    public Mono<List<InetAddress>> resolve4(String name) {
        return resolve(name, DnsRecordType.A, record -> DnsData.address(name, record));
    }

    /**
     * Finds IPv6 addresses (AAAA).
     *
     * @param name not empty
     */
    public Mono<List<InetAddress>> resolve6(String name) {
        return resolve(name, DnsRecordType.AAAA, record -> DnsData.address(name, record));
    }

    /**
     * Finds mail servers (MX).
     *
     * @param name not empty
     */
    public Mono<List<Mx>> resolveMx(String name) {
        return resolve(name, DnsRecordType.MX, DnsData::mx);
    }

    /**
     * Finds texts (TXT), each as the list of its pieces.
     *
     * @param name not empty
     */
    public Mono<List<List<String>>> resolveTxt(String name) {
        return resolve(name, DnsRecordType.TXT, DnsData::texts);
    }

    /**
     * Finds services (SRV).
     *
     * @param name such as {@code _http._tcp.example.org}
     */
    public Mono<List<Srv>> resolveSrv(String name) {
        return resolve(name, DnsRecordType.SRV, DnsData::srv);
    }

    /**
     * Finds name servers (NS).
     *
     * @param name not empty
     */
    public Mono<List<String>> resolveNs(String name) {
        return resolve(name, DnsRecordType.NS, DnsData::name);
    }

    /**
     * Finds what a name stands for (CNAME).
     *
     * @param name not empty
     */
    public Mono<List<String>> resolveCname(String name) {
        return resolve(name, DnsRecordType.CNAME, DnsData::name);
    }

    /**
     * Finds the start of a zone (SOA); one record.
     *
     * @param name not empty
     */
    public Mono<List<Soa>> resolveSoa(String name) {
        return resolve(name, DnsRecordType.SOA, DnsData::soa);
    }

    /**
     * Finds pointers (PTR).
     *
     * @param name not empty
     */
    public Mono<List<String>> resolvePtr(String name) {
        return resolve(name, DnsRecordType.PTR, DnsData::name);
    }

    /**
     * Finds who may issue certificates (CAA).
     *
     * @param name not empty
     */
    public Mono<List<Caa>> resolveCaa(String name) {
        return resolve(name, DnsRecordType.CAA, DnsData::caa);
    }

    /**
     * Finds rules that rewrite names (NAPTR).
     *
     * @param name not empty
     */
    public Mono<List<Naptr>> resolveNaptr(String name) {
        return resolve(name, DnsRecordType.NAPTR, DnsData::naptr);
    }

    /**
     * Finds the names of an address. Node analogue: {@code reverse}.
     *
     * @param address IPv4 or IPv6
     */
    public Mono<List<String>> reverse(InetAddress address) {
        return resolvePtr(DnsData.reverseName(address));
    }

    private <T> Mono<List<T>> resolve(String name, DnsRecordType type, Function<DnsRecord, T> read) {
        if (Objects.requireNonNull(name, "name").isEmpty()) {
            throw new IllegalArgumentException("name must not be empty");
        }
        Mono<List<T>> asked = resolver.flatMap(open -> Mono.<List<T>>create(sink -> ask(open, name, type, read, sink)))
                .retryWhen(reactor.util.retry.Retry.max(tries - 1L)
                        .filter(error -> error instanceof LookupException failed && failed.isTimeout())
                        .onRetryExhaustedThrow((spec, signal) -> signal.failure()));
        return EventLoop.onCurrent(asked);
    }

    private <T> void ask(
            DnsNameResolver open,
            String name,
            DnsRecordType type,
            Function<DnsRecord, T> read,
            MonoSink<List<T>> sink) {
        DefaultDnsQuestion question;
        try {
            question = new DefaultDnsQuestion(name, type);
        } catch (IllegalArgumentException invalid) { // no label is longer than 63, no name than 255
            sink.error(LookupException.of(name, type.name(), invalid));
            return;
        }
        Runnable cancelling = () -> sink.error(LookupException.of(name, type.name(), cancelled()));
        pending.add(cancelling); // who takes it out signals
        sink.onCancel(() -> pending.remove(cancelling));
        if (disposed) { // who disposes sets this, then looks for those that are pending
            cancel(cancelling);
            return;
        }
        open.query(question).addListener((Future<AddressedEnvelope<DnsResponse, InetSocketAddress>> answer) -> {
            boolean wanted = pending.remove(cancelling);
            if (answer.isSuccess()) {
                AddressedEnvelope<DnsResponse, InetSocketAddress> envelope = answer.getNow();
                try {
                    if (wanted) {
                        deliver(name, type, envelope.content(), read, sink);
                    }
                } finally {
                    envelope.release();
                }
            } else if (wanted) {
                sink.error(LookupException.of(name, type.name(), disposed ? cancelled() : answer.cause()));
            }
        });
    }

    private void cancel(Runnable cancelling) {
        if (pending.remove(cancelling)) {
            cancelling.run();
        }
    }

    private static CancellationException cancelled() {
        return new CancellationException("the resolver was disposed");
    }

    private static <T> void deliver(
            String name,
            DnsRecordType type,
            DnsResponse response,
            Function<DnsRecord, T> read,
            MonoSink<List<T>> sink) {
        List<T> results = new ArrayList<>();
        try {
            for (int i = 0; i < response.count(DnsSection.ANSWER); i++) {
                DnsRecord record = response.recordAt(DnsSection.ANSWER, i);
                if (record.type().equals(type)) { // there may be CNAMEs before what they lead to
                    results.add(read.apply(record));
                }
            }
        } catch (RuntimeException malformed) {
            sink.error(LookupException.of(name, type.name(), new DecoderException(malformed)));
            return;
        }
        if (results.isEmpty()) {
            sink.error(LookupException.answered(name, type.name(), response.code()));
        } else {
            sink.success(List.copyOf(results));
        }
    }

    /** Ends it: what is not answered fails with the code {@code ECANCELLED}. Node analogue: {@code cancel}. Idempotent. */
    @Override
    public void dispose() {
        disposed = true;
        pending.forEach(this::cancel);
        DnsNameResolver open = opened.get();
        if (open != null) {
            open.close();
        }
    }

    @Override
    public boolean isDisposed() {
        return disposed;
    }
}
