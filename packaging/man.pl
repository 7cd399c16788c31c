#!/usr/bin/perl
# man.pl OUTPUT NAME SECTION DESCRIPTION VERSION DATE PAGE.md [INTRODUCTION.md] - a manual page out of a page of docs/.
#
# It knows the Markdown that docs/ uses.  A block of code that opens the page is the synopsis; the first paragraph of the
# introduction, or else what the page begins with, is the description.  Rows of tables become tagged paragraphs: tables of
# sentences do not fit into a terminal.
use strict;
use warnings;

my ($output, $name, $section, $description, $version, $date, $page, $introduction) = @ARGV;

# Which pages are manual pages, too.
my %manual = ('cli.md' => 'gpuswap-sim(1)', 'scenario.md' => 'gpuswap-sim-scenario(5)',
              'trace-format.md' => 'gpuswap-sim-trace(5)');

open STDOUT, '>', $output or die "man.pl: $output: $!\n";

my $begun = 0;  # something stands below the heading
my $item = 0;   # within an item of a list

# Text to be typed as it stands: no hyphens, no typographic quotes.
sub literal {
    my ($text) = @_;
    my %roff = ('\\' => '\\e', '-' => '\\-', "'" => '\\(aq', '`' => '\\(ga', '^' => '\\(ha', '~' => '\\(ti');
    $text =~ s/\\\|/|/g;
    $text =~ s/([\\\-'`^~])/$roff{$1}/g;
    return $text;
}

# A page of docs/ by the name of its manual page; other links by their text.
sub link_text {
    my ($text, $target) = @_;
    my $there = $target =~ m{^([\w-]+\.md)} ? $manual{$1} : undef;
    return $text unless defined $there && $text =~ /\.md$/;
    return $there eq "$name($section)" ? 'below' : $there;
}

# Code, emphasis and links within a paragraph.
sub inline {
    my ($text) = @_;
    my @code;
    $text =~ s/``\s*(.+?)\s*``|`([^`]+)`/push @code, literal($1 \/\/ $2); "\x01$#code\x01"/ge;
    $text =~ s/\[([^\]]*)\]\(([^)\s]*)\)/link_text($1, $2)/ge;
    $text =~ s/\\(?![|*_])/\\e/g;
    $text =~ s/\\([|*_])/$1/g;
    $text =~ s/&nbsp;\s*/\\ \\ /g;
    $text =~ s/\*\*(.+?)\*\*/\\fB$1\\fR/g;
    $text =~ s/(?<![\w*])\*([^\s*][^*]*?)\*(?![\w*])/\\fI$1\\fR/g;
    $text =~ s/\s*<br>\s*/\n.br\n/g;
    $text =~ s/\x01(\d+)\x01/\\fB$code[$1]\\fR/g;
    $text =~ s/^([.'])(?!br$)/\\&$1/mg;
    return $text;
}

sub paragraph {
    my ($text) = @_;
    print ".PP\n" if $begun && !$item;
    print inline($text), "\n";
    $begun = 1;
}

sub code {
    print ".PP\n" if $begun;
    print ".RS 4\n.nf\n";
    print map { literal($_) =~ s/^([.'])/\\&$1/r . "\n" } @_;
    print ".fi\n.RE\n";
    $begun = 1;
}

sub heading {
    my ($macro, $title) = @_;
    $title = 'EXIT STATUS' if $title eq 'EXIT CODES';
    print "$macro \"", literal($title =~ s/`//gr), "\"\n";
    ($begun, $item) = (0, 0);
}

sub cells {
    my ($row) = @_;
    $row =~ s/^\s*\|\s?//;
    $row =~ s/\s*\|\s*$//;
    return map { s/^\s+|\s+$//gr } split /(?<!\\)\|/, $row, -1;
}

# What a row says besides its first cell.  In tables of keys the meaning stands last, and is said after the type and the
# default; in others it stands second, and the rest follows.
sub row_text {
    my ($head, @cell) = @_;
    my $last = $#cell;
    my $main = $head->[-1] eq 'meaning' ? $last : 0;
    my @aside = map { $head->[$_ + 1] =~ /^(value|)$/ || $cell[$_] eq 'required' ? $cell[$_] : "$head->[$_ + 1]: $cell[$_]" }
        grep { $_ != $main && $cell[$_] ne '' } 0 .. $last;
    return $cell[$main] unless @aside;
    return ucfirst(join '; ', @aside) if $cell[$main] eq '';
    return '(' . join('; ', @aside) . ') ' . $cell[$main] if $main == $last;
    return ($cell[$main] =~ s/(?<![.?!])$/./r) . ' ' . ucfirst(join '; ', @aside) . '.';
}

sub table {
    my ($head, undef, @rows) = map { [cells($_)] } @_;
    for (@rows) {
        my ($tag, @cell) = @$_;
        print ".TP\n", map { ($_ eq '' ? '\\&' : inline($_)) . "\n" } $tag, row_text($head, @cell);
    }
    $begun = 1;
}

sub lines_of {
    my ($file) = @_;
    open my $in, '<', $file or die "man.pl: $file: $!\n";
    chomp(my @line = <$in>);
    return @line;
}

# The lines from the first on for which the test holds.
sub take {
    my ($line, $test) = @_;
    my @taken;
    push @taken, shift @$line while @$line && $test->($line->[0]);
    return @taken;
}

sub page_text {
    my @line = @_;
    while (@line) {
        local $_ = shift @line;
        if (/^```/) {
            code(take(\@line, sub { $_[0] !~ /^```/ }));
            shift @line;
        } elsif (/^    \S/ && !$item) {
            my @code = ($_, take(\@line, sub { $_[0] =~ /^(    |$)/ }));
            pop @code while $code[-1] eq '';
            code(map { s/^    //r } @code);
        } elsif (/^\|/) {
            table($_, take(\@line, sub { $_[0] =~ /^\|/ }));
        } elsif (/^<!--/ || /^# /) {
            next;
        } elsif (/^## (.*)/) {
            heading('.SH', uc $1);
        } elsif (/^###+ (.*)/) {
            heading('.SS', $1);
        } elsif ($_ eq '') {
            $item = 0 unless @line && $line[0] =~ /^(  |- )/;
        } else {
            my $new = s/^- //;
            print ".IP \\(bu 2\n" if $new;
            $item = 1 if $new;
            paragraph(join ' ', map { s/^\s+//r } $_, take(\@line, sub { $_[0] =~ /\S/ && $_[0] !~ /^(```|\||#|- |<!--)/ }));
        }
    }
}

printf ".TH %s %s %s \"gpuswap-sim %s\"\n", uc $name, $section, $date, $version;
print ".SH NAME\n$name \\- $description\n";
my @line = lines_of($page);
take(\@line, sub { $_[0] =~ /^(# |$)/ });
if ($line[0] =~ /^    /) {
    print ".SH SYNOPSIS\n";
    code(map { s/^    //r } take(\@line, sub { $_[0] =~ /^    / }));
}
print ".SH DESCRIPTION\n";
$begun = 0;
if ($introduction) {
    my @opening = lines_of($introduction);
    take(\@opening, sub { $_[0] =~ /^(# |$)/ });
    page_text(take(\@opening, sub { $_[0] ne '' }));
    shift @line while $line[0] eq '';
}
page_text(@line);
print ".SH \"SEE ALSO\"\n";
my @others = grep { $_ ne "$name($section)" } sort values %manual;
print map({ /^(.*)\((\d)\)$/; '.BR ' . literal($1) . " ($2) ,\n" } @others), ".BR gnuplot (1),\n.BR sqlite3 (1)\n.PP\n";
print "Pages named here that end in .md, and scenarios to begin with, are in\n.I /usr/share/doc/gpuswap\\-sim\n",
    "or likewise below another prefix.\n";
