// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsPtrRecord;
import io.netty.handler.codec.dns.DnsRecord;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/** What is in the records of the DNS, as RFC 1035, 2782, 3403, 3596 and 8659 lay it out. */
final class DnsData {

    private static final int CRITICAL = 0x80;
    private static final int NIBBLE_BITS = 4;
    private static final int NIBBLE = 0xf;
    private static final int IPV4_LENGTH = 4;

    private DnsData() {}

    /** The content of a record. Names in it may point to others of the same message, which it is a view of. */
    private static ByteBuf content(DnsRecord record) {
        return ((ByteBufHolder) record).content();
    }

    static InetAddress address(String name, DnsRecord record) {
        ByteBuf content = content(record);
        byte[] bytes = new byte[content.readableBytes()];
        content.readBytes(bytes);
        try {
            return InetAddress.getByAddress(name, bytes);
        } catch (UnknownHostException error) {
            throw new IllegalArgumentException("an address of " + bytes.length + " bytes", error);
        }
    }

    static String name(DnsRecord record) {
        return record instanceof DnsPtrRecord pointer ? withoutDot(pointer.hostname()) : name(content(record));
    }

    private static String name(ByteBuf content) {
        return withoutDot(DefaultDnsRecordDecoder.decodeName(content));
    }

    private static String withoutDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    private static String text(ByteBuf content) {
        int length = content.readUnsignedByte();
        return content.readCharSequence(length, UTF_8).toString();
    }

    static List<String> texts(DnsRecord record) {
        ByteBuf content = content(record);
        List<String> texts = new ArrayList<>();
        while (content.isReadable()) {
            texts.add(text(content));
        }
        return List.copyOf(texts);
    }

    static DnsResolver.Mx mx(DnsRecord record) {
        ByteBuf content = content(record);
        return new DnsResolver.Mx(content.readUnsignedShort(), name(content));
    }

    static DnsResolver.Srv srv(DnsRecord record) {
        ByteBuf content = content(record);
        return new DnsResolver.Srv(
                content.readUnsignedShort(), content.readUnsignedShort(), content.readUnsignedShort(), name(content));
    }

    static DnsResolver.Soa soa(DnsRecord record) {
        ByteBuf content = content(record);
        return new DnsResolver.Soa(
                name(content),
                name(content),
                content.readUnsignedInt(),
                content.readUnsignedInt(),
                content.readUnsignedInt(),
                content.readUnsignedInt(),
                content.readUnsignedInt());
    }

    static DnsResolver.Caa caa(DnsRecord record) {
        ByteBuf content = content(record);
        boolean critical = (content.readUnsignedByte() & CRITICAL) != 0;
        String tag = text(content);
        return new DnsResolver.Caa(
                critical,
                tag,
                content.readCharSequence(content.readableBytes(), UTF_8).toString());
    }

    static DnsResolver.Naptr naptr(DnsRecord record) {
        ByteBuf content = content(record);
        return new DnsResolver.Naptr(
                content.readUnsignedShort(),
                content.readUnsignedShort(),
                text(content),
                text(content),
                text(content),
                name(content));
    }

    /** The name under which the names of an address are kept. */
    static String reverseName(InetAddress address) {
        byte[] bytes = address.getAddress();
        StringBuilder name = new StringBuilder();
        for (int i = bytes.length - 1; i >= 0; i--) {
            if (bytes.length == IPV4_LENGTH) {
                name.append(Byte.toUnsignedInt(bytes[i])).append('.');
            } else {
                name.append(Character.forDigit(bytes[i] & NIBBLE, NIBBLE + 1))
                        .append('.')
                        .append(Character.forDigit((bytes[i] >> NIBBLE_BITS) & NIBBLE, NIBBLE + 1))
                        .append('.');
            }
        }
        return name.append(bytes.length == IPV4_LENGTH ? "in-addr.arpa" : "ip6.arpa")
                .toString();
    }
}
